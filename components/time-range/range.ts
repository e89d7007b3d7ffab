import { formatDuration } from "../lib/format.ts";

/** One end of a range: so long before now, or a fixed time. */
export type Moment = { kind: "ago"; ms: number } | { kind: "at"; ms: number };

/** What the URL says: `from=now-1h&to=now`, or two times in ISO 8601. */
export interface TimeRange {
  from: Moment;
  to: Moment;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNIT_MS: Record<string, number> = { s: 1_000, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };

/** What is one click away, shortest first. */
export const PRESETS = ["15m", "1h", "6h", "24h", "3d", "7d"] as const;
export type Preset = (typeof PRESETS)[number];

export const PRESET_WORDS: Record<Preset, string> = {
  "15m": "last 15 min",
  "1h": "last hour",
  "6h": "last 6 h",
  "24h": "last 24 h",
  "3d": "last 3 days",
  "7d": "last 7 days",
};

const NOW: Moment = { kind: "ago", ms: 0 };
const lengthOf = (text: string): number => Number.parseInt(text, 10) * (UNIT_MS[text.at(-1) ?? ""] ?? Number.NaN);

export const presetRange = (preset: Preset): TimeRange => ({ from: { kind: "ago", ms: lengthOf(preset) }, to: NOW });
export const DEFAULT_RANGE: TimeRange = presetRange("1h");
/** Longer ones are more than any source keeps. */
export const LONGEST_MS = 366 * DAY;

/** "now", "now-90m", "2026-11-25T14:00:00Z"; null for anything else. */
export function parseMoment(text: string | null): Moment | null {
  if (!text) return null;
  const ago = /^now(?:-(\d{1,6}[smhdw]))?$/.exec(text.trim());
  if (ago) return { kind: "ago", ms: ago[1] ? lengthOf(ago[1]) : 0 };
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : { kind: "at", ms };
}

/** The moment as the URL has it; lengths in the largest unit that is exact. */
export function writeMoment(moment: Moment): string {
  if (moment.kind === "at") return new Date(moment.ms).toISOString();
  if (moment.ms === 0) return "now";
  const [unit, size] = Object.entries(UNIT_MS).findLast(([name, ms]) => name !== "w" && moment.ms % ms === 0) ?? [
    "s",
    1_000,
  ];
  return `now-${Math.round(moment.ms / size)}${unit}`;
}

const msOf = (moment: Moment, nowMs: number): number => (moment.kind === "at" ? moment.ms : nowMs - moment.ms);

/** The range a URL names; the default for what is no range, or ends before it begins. */
export function parseRange(fromText: string | null, toText: string | null, nowMs: number): TimeRange {
  const from = parseMoment(fromText);
  const to = toText === null ? NOW : parseMoment(toText);
  if (!from || !to) return DEFAULT_RANGE;
  const length = msOf(to, nowMs) - msOf(from, nowMs);
  return length > 0 && length <= LONGEST_MS ? { from, to } : DEFAULT_RANGE;
}

export const isRelative = (range: TimeRange): boolean => range.from.kind === "ago" || range.to.kind === "ago";

/** The preset a range is; null for all others. */
export const presetOf = ({ from, to }: TimeRange): Preset | null =>
  to.kind === "ago" && to.ms === 0 && from.kind === "ago"
    ? (PRESETS.find((preset) => lengthOf(preset) === from.ms) ?? null)
    : null;

/** How often a range that follows the clock moves on, by its length. */
export function stepMs(range: TimeRange, nowMs: number): number {
  const length = msOf(range.to, nowMs) - msOf(range.from, nowMs);
  if (length <= 15 * MINUTE) return 5_000;
  if (length <= HOUR) return 10_000;
  return length <= 6 * HOUR ? 30_000 : 60_000;
}

/** Both ends in ms. One that follows the clock moves in steps, so that the key of a query stays the same within one. */
export function resolveRange(range: TimeRange, nowMs: number): { fromMs: number; toMs: number } {
  const step = stepMs(range, nowMs);
  const now = Math.floor(nowMs / step) * step;
  return { fromMs: msOf(range.from, now), toMs: msOf(range.to, now) };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "25 Nov 14:00", with seconds where they matter and the year where it is another one than `nowMs`'s. */
function stampOf(ms: number, nowMs: number, offsetMinutes: number, seconds: boolean): { day: string; clock: string } {
  const local = new Date(ms + offsetMinutes * MINUTE).toISOString();
  const year = new Date(nowMs + offsetMinutes * MINUTE).toISOString().slice(0, 4);
  const day = `${Number(local.slice(8, 10))} ${MONTHS[Number(local.slice(5, 7)) - 1]}`;
  return {
    day: local.startsWith(year) ? day : `${day} ${local.slice(0, 4)}`,
    clock: local.slice(11, seconds ? 19 : 16),
  };
}

/**
 * A range as part of a sentence: "in the last hour", "between 3 h ago and 1 h ago", "between 25 Nov 14:00 and 15:30
 * (Europe/Zurich)". The one place that writes it; `offsetMinutes` and `zone` are the viewer's.
 */
export function withinWords(range: TimeRange, nowMs: number, offsetMinutes: number, zone: string): string {
  const words = wordsOf(range, nowMs, offsetMinutes);
  if (words.startsWith("last ")) return `in the ${words}`;
  const named = isRelative(range) && range.from.kind === "ago" ? "" : ` (${zone})`;
  return words.startsWith("since ") ? `${words}${named}` : `between ${words.replace(" to ", " and ")}${named}`;
}

/** "last hour", "3 h ago to 1 h ago", "25 Nov 14:00 to 15:30". `offsetMinutes` is the viewer's zone, east positive. */
export function wordsOf(range: TimeRange, nowMs: number, offsetMinutes: number): string {
  const { from, to } = range;
  const preset = presetOf(range);
  if (preset) return PRESET_WORDS[preset];
  if (from.kind === "ago" && to.kind === "ago")
    return to.ms === 0
      ? `last ${formatDuration(from.ms)}`
      : `${formatDuration(from.ms)} ago to ${formatDuration(to.ms)} ago`;
  const [fromMs, toMs] = [msOf(from, nowMs), msOf(to, nowMs)];
  const seconds = toMs - fromMs < 10 * MINUTE;
  const start = stampOf(fromMs, nowMs, offsetMinutes, seconds);
  if (to.kind === "ago") return `since ${start.day} ${start.clock}`;
  const end = stampOf(toMs, nowMs, offsetMinutes, seconds);
  return `${start.day} ${start.clock} to ${start.day === end.day ? end.clock : `${end.day} ${end.clock}`}`;
}
