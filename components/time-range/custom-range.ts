import { LONGEST_MS, type TimeRange } from "./range.ts";

/** A time as `<input type="datetime-local" step="1">` wants it, in the viewer's zone, east positive. */
export const toLocalInput = (ms: number, offsetMinutes: number): string =>
  new Date(ms + offsetMinutes * 60_000).toISOString().slice(0, 19);

/** What the two inputs say, or why it is no range. `offsetOf` gives the zone at a time: it differs over the year. */
export function customRange(
  fromText: string,
  toText: string,
  offsetOf: (ms: number) => number,
): { range: TimeRange; error: null } | { range: null; error: string } {
  const read = (text: string): number => {
    const asUtc = Date.parse(`${text.length === 16 ? `${text}:00` : text}Z`);
    return Number.isNaN(asUtc) ? asUtc : asUtc - offsetOf(asUtc) * 60_000;
  };
  const [from, to] = [read(fromText), read(toText)];
  if (Number.isNaN(from)) return { range: null, error: "Say when it begins." };
  if (Number.isNaN(to)) return { range: null, error: "Say when it ends." };
  if (to <= from) return { range: null, error: "It ends before it begins." };
  if (to - from > LONGEST_MS) return { range: null, error: "Longer than a year: choose a shorter range." };
  return { range: { from: { kind: "at", ms: from }, to: { kind: "at", ms: to } }, error: null };
}
