/** Five fields of cron as POSIX crontab and Vixie cron write them: lists, ranges, steps, names of months and days. */

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const FIELDS = [
  { from: 0, to: 59, names: [] },
  { from: 0, to: 23, names: [] },
  { from: 1, to: 31, names: [] },
  { from: 1, to: 12, names: MONTHS },
  { from: 0, to: 7, names: DAYS },
] as const;
type Field = (typeof FIELDS)[number];

/** Whether a text is five fields, each within its bounds. */
export function isCron(text: string): boolean {
  const fields = text.trim().split(/\s+/);
  return (
    fields.length === FIELDS.length &&
    FIELDS.every((field, i) => (fields[i] ?? "").split(",").every((item) => isItem(item, field)))
  );
}

/** `*`, `n`, `n-m`, each with a step where it is a range. */
function isItem(item: string, field: Field): boolean {
  const [, range = "", step] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(item) ?? [];
  if (step !== undefined && Number(step) < 1) return false;
  if (range === "*") return true;
  const bounds = range.split("-").map((text) => numberOf(text, field));
  const [first = Number.NaN, last = first] = bounds;
  return bounds.length <= 2 && first >= field.from && last <= field.to && first <= last;
}

function numberOf(text: string, { names, from }: Field): number {
  const index = (names as readonly string[]).indexOf(text.toLowerCase());
  if (index >= 0) return index + from;
  return /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
}
