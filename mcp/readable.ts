import { escapeHiding } from "#server/agent/text/visible-text.ts";

/** What every result goes through before a model reads it. */

/**
 * Every text of a value with what cannot be seen in it written out as `\u{202E}`, numbers with the digits that mean
 * something, and of a series that stands beside other figures its newest points.
 */
export function readable(value: unknown, key = ""): unknown {
  if (typeof value === "string") return escapeHiding(value);
  if (typeof value === "number") return significant(value);
  if (Array.isArray(value)) return (isSeries(key, value) ? newestPoints(value) : value).map((item) => readable(item));
  if (!value || typeof value !== "object" || "toJSON" in value) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [escapeHiding(name), readable(item, name)]));
}

const DIGITS = 5;

/** Counts, ids and instants are whole numbers and stay exact. */
const significant = (value: number): number => {
  if (!Number.isFinite(value) || Number.isInteger(value)) return value;
  return Math.abs(value) >= 10 ** DIGITS ? Math.round(value) : Number(value.toPrecision(DIGITS));
};

const MOST_POINTS = 12;

/** Figures only, without their times: they show a course, which a gap does not. */
const isSeries = (key: string, value: readonly unknown[]): boolean =>
  key.endsWith("Series") && value.every((point) => point === null || typeof point === "number");

const newestPoints = (points: readonly unknown[]): unknown[] =>
  points.filter((point) => point !== null).slice(-MOST_POINTS);
