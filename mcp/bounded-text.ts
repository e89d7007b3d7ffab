/** What is left out of a text, by the place it was cut: `targets: 12 of 100`. */
export interface BoundedText {
  text: string;
  /** true when `text` shows less than the value holds */
  cut: boolean;
}

const bytes = (text: string): number => Buffer.byteLength(text, "utf8");

/**
 * A JSON value as compact JSON of at most `maxBytes` (UTF-8). A value too large keeps its shape: long arrays keep
 * both ends, long strings their beginning, and a note after the JSON names every cut and `advice`.
 */
export function boundedText(value: unknown, maxBytes: number, advice: string): BoundedText {
  const whole = JSON.stringify(value) ?? "null";
  if (bytes(whole) <= maxBytes) return { text: whole, cut: false };
  for (const [maxChars, minItems] of STAGES) {
    const text = largestThatFits(value, { maxChars, minItems, maxBytes, advice });
    if (text !== null) return { text, cut: true };
  }
  return { text: clipBytes(note(["everything"], advice).trimStart(), maxBytes), cut: true };
}

/** Some rows with shortened strings say more than no rows: strings give way before lists fall under 8 items. */
const STAGES: [maxChars: number, minItems: number][] = [
  [Number.POSITIVE_INFINITY, 8],
  [1_000, 8],
  [200, 8],
  [40, 8],
  [40, 0],
];

interface Fit {
  maxChars: number;
  minItems: number;
  maxBytes: number;
  advice: string;
}

/** The text with the longest lists that still fits, by bisection; null when `minItems` are already too much. */
function largestThatFits(value: unknown, { maxChars, minItems, maxBytes, advice }: Fit): string | null {
  let best: string | null = null;
  let low = minItems;
  let high = 1_024;
  while (low <= high) {
    const maxItems = (low + high) >> 1;
    const cuts = new Map<string, string>();
    const text = JSON.stringify(cutDown(value, { maxItems, maxChars, cuts }, "")) + note([...cuts.values()], advice);
    if (bytes(text) <= maxBytes) {
      best = text;
      low = maxItems + 1;
    } else high = maxItems - 1;
  }
  return best;
}

interface Limits {
  maxItems: number;
  maxChars: number;
  /** by place, so that the same field of a thousand rows is named once */
  cuts: Map<string, string>;
}

function cutDown(value: unknown, limits: Limits, at: string): unknown {
  if (typeof value === "string") {
    if (value.length <= limits.maxChars) return value;
    limits.cuts.set(at, `${at || "text"}: first ${limits.maxChars} characters`);
    return `${value.slice(0, limits.maxChars)}…`;
  }
  if (Array.isArray(value)) return cutArray(value, limits, at);
  if (!value || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, cutDown(item, limits, at ? `${at}.${key}` : key)]),
  );
}

function cutArray(value: readonly unknown[], limits: Limits, at: string): unknown[] {
  const { maxItems } = limits;
  const tail = Math.floor(maxItems / 2);
  const head = maxItems - tail;
  const kept = value.length > maxItems ? [...value.slice(0, head), ...value.slice(value.length - tail)] : value;
  if (kept !== value) limits.cuts.set(at, `${at || "list"}: first ${head} and last ${tail} of ${value.length}`);
  return kept.map((item) => cutDown(item, limits, `${at}[]`));
}

const MAX_NOTED_CUTS = 8;

function note(cuts: readonly string[], advice: string): string {
  const named = cuts.slice(0, MAX_NOTED_CUTS).join("; ");
  const more = cuts.length > MAX_NOTED_CUTS ? `; and ${cuts.length - MAX_NOTED_CUTS} more places` : "";
  return `\n\nCut to fit (${named}${more}). ${advice}`;
}

/** At most `maxBytes` of UTF-8, without half a character at the end. */
function clipBytes(text: string, maxBytes: number): string {
  if (bytes(text) <= maxBytes) return text;
  return Buffer.from(text, "utf8")
    .subarray(0, maxBytes)
    .toString("utf8")
    .replace(/\uFFFD+$/, "");
}
