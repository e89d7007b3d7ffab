import { tokensOf } from "./tokens.ts";

export interface Bounded {
  value: unknown;
  /** what is left out, by the place it was cut: `rows: the first 40 of 3000`; null when nothing is */
  more: string | null;
}

/**
 * A JSON value of at most `maxTokens`, in which a text stands once. One too large keeps its shape: ranked lists keep
 * their beginning, others both ends, long texts their beginning. Null when even that is too large.
 */
export function boundedValue(value: unknown, maxTokens: number): Bounded | null {
  const whole = withReferences(value);
  if (sizeOf(whole) <= maxTokens) return { value: whole, more: null };
  for (const [maxChars, minItems] of STAGES) {
    const found = largestThatFits(value, { maxChars, minItems, maxTokens });
    if (found) return found;
  }
  return null;
}

const sizeOf = (value: unknown): number => tokensOf(JSON.stringify(value) ?? "null");

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
  maxTokens: number;
}

/** The value with the longest lists that still fits, by bisection; null when `minItems` are already too much. */
function largestThatFits(value: unknown, { maxChars, minItems, maxTokens }: Fit): Bounded | null {
  let best: Bounded | null = null;
  let low = minItems;
  let high = 1_024;
  while (low <= high) {
    const maxItems = (low + high) >> 1;
    const cuts = new Map<string, string>();
    const cut = withReferences(cutDown(value, { maxItems, maxChars, cuts }, "", ""));
    const more = moreOf([...cuts.values()]);
    if (sizeOf(cut) + tokensOf(more) <= maxTokens) {
      best = { value: cut, more };
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

function cutDown(value: unknown, limits: Limits, at: string, key: string): unknown {
  if (typeof value === "string") return cutText(value, limits, at, key);
  if (Array.isArray(value)) return cutArray(value, limits, at, key);
  if (!value || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, cutDown(item, limits, at ? `${at}.${name}` : name, name)]),
  );
}

/** a name or an id is given back as it stands, or it is none */
const LONGEST_NAME = 200;

function cutText(text: string, { maxChars, cuts }: Limits, at: string, key: string): string {
  const most = text.includes(" ") ? maxChars : Math.max(maxChars, LONGEST_NAME);
  if (text.length <= most || /cursor$/i.test(key)) return text;
  cuts.set(at, `${at || "text"}: the first ${most} characters`);
  return `${text.slice(0, most).toWellFormed()}…`;
}

/** lists whose first items matter most; others are in the order of time */
const RANKED = new Set(["rows", "items", "targets", "patterns", "anomalies", "nodes", "edges"]);

function cutArray(value: readonly unknown[], limits: Limits, at: string, key: string): unknown[] {
  const { maxItems } = limits;
  const tail = RANKED.has(key) ? 0 : Math.floor(maxItems / 2);
  const head = maxItems - tail;
  const kept = value.length > maxItems ? [...value.slice(0, head), ...value.slice(value.length - tail)] : value;
  const words = tail > 0 ? `the first ${head} and last ${tail}` : `the first ${head}`;
  if (kept !== value) limits.cuts.set(at, `${at || "list"}: ${words} of ${value.length}`);
  return kept.map((item) => cutDown(item, limits, `${at}[]`, ""));
}

const MAX_NOTED_CUTS = 8;

function moreOf(cuts: readonly string[]): string {
  const named = cuts.slice(0, MAX_NOTED_CUTS).join("; ");
  return cuts.length > MAX_NOTED_CUTS ? `${named}; and ${cuts.length - MAX_NOTED_CUTS} more places` : named;
}

/** shorter texts cost less than it costs to follow a reference */
const LEAST_REPEATED = 60;

/** The same value; a sentence that stands in it a second time is `→ ` and the place of the first. */
export function withReferences(value: unknown): unknown {
  const places = new Map<string, string>();
  const visit = (item: unknown, at: string): unknown => {
    if (typeof item === "string") {
      if (item.length < LEAST_REPEATED || !item.includes(" ")) return item;
      const first = places.get(item);
      if (first !== undefined) return `→ ${first}`;
      places.set(item, at);
      return item;
    }
    if (Array.isArray(item)) return item.map((one, i) => visit(one, `${at}[${i}]`));
    if (!item || typeof item !== "object") return item;
    return Object.fromEntries(
      Object.entries(item).map(([name, one]) => [name, visit(one, at ? `${at}.${name}` : name)]),
    );
  };
  return visit(value, "");
}
