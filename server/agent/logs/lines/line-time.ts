import type { LineContext } from "./line-event.ts";

/** Times as log lines write them, as ms since 1970 with microseconds after the point. */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A time without a zone that lies further ahead than this was written in another zone. */
const AHEAD_MS = 5 * MINUTE_MS;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** 1–12; 0 when it is no English month. */
export const monthOf = (name: string): number => MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1;

export interface Clock {
  hour: string | undefined;
  minute: string | undefined;
  second: string | undefined;
  /** digits behind the point */
  fraction?: string | undefined;
}

function clockMs({ hour, minute, second, fraction }: Clock): number | null {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  if (!(h < 24 && m < 60 && s <= 60)) return null;
  const microseconds = fraction ? Number(fraction.slice(0, 6).padEnd(6, "0")) : 0;
  return ((h * 60 + m) * 60 + s) * 1_000 + microseconds / 1_000;
}

/** `Z`, `UTC`, `+05:45`, `-0800` in minutes east of UTC. */
function zoneMinutes(zone: string): number {
  const found = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (!found) return 0;
  return (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3]));
}

/** A date and a time of day; null when there is no such moment, or it cannot have been written in the assumed zone. */
export function timeOf(
  date: { year: number; month: number; day: number },
  clock: Clock,
  zone: string | undefined,
  context: LineContext,
): number | null {
  const ofDay = clockMs(clock);
  const { year, month, day } = date;
  if (ofDay === null || !(month >= 1 && month <= 12 && day >= 1 && day <= 31 && year >= 1970)) return null;
  const utc = Date.UTC(year, month - 1, day) + ofDay;
  if (zone) return utc - zoneMinutes(zone) * MINUTE_MS;
  const assumed = utc - (context.offsetMinutes ?? 0) * MINUTE_MS;
  return assumed > context.receivedMs + AHEAD_MS ? null : assumed;
}

/**
 * Without a year, as syslog and klog leave it out: the one that brings it nearest to when the line came in. What is
 * ahead by more than a day is of the year before; by less, of another zone.
 */
export function timeWithoutYear(
  date: { month: number; day: number },
  clock: Clock,
  context: LineContext,
): number | null {
  const { receivedMs } = context;
  const year = new Date(receivedMs).getUTCFullYear();
  const candidates = [year - 1, year, year + 1].map((one) =>
    timeOf({ ...date, year: one }, clock, undefined, { ...context, receivedMs: Number.POSITIVE_INFINITY }),
  );
  const near = candidates.filter((candidate) => candidate === null || candidate <= receivedMs + DAY_MS);
  const nearest = nearestTo(receivedMs, near);
  return nearest !== null && nearest > receivedMs + AHEAD_MS ? null : nearest;
}

/** A time of day alone, on the day that brings it nearest to when the line came in. */
export function timeWithoutDate(clock: Clock, context: LineContext): number | null {
  const ofDay = clockMs(clock);
  if (ofDay === null) return null;
  const offsetMs = (context.offsetMinutes ?? 0) * MINUTE_MS;
  const day = Math.floor((context.receivedMs + offsetMs) / DAY_MS) * DAY_MS - offsetMs;
  const nearest = nearestTo(context.receivedMs, [day - DAY_MS + ofDay, day + ofDay, day + DAY_MS + ofDay]);
  return nearest !== null && nearest > context.receivedMs + AHEAD_MS ? null : nearest;
}

function nearestTo(moment: number, candidates: readonly (number | null)[]): number | null {
  let nearest: number | null = null;
  for (const candidate of candidates) {
    if (candidate === null) continue;
    if (nearest === null || Math.abs(candidate - moment) < Math.abs(nearest - moment)) nearest = candidate;
  }
  return nearest;
}

/** A leading date and time: ISO 8601 or with slashes, comma or point before the fraction, in brackets or not. */
const ISO =
  /^[[(]?(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|UTC|GMT|[+-]\d\d:?\d\d)(?![\w:.]))?[\])]?/;

/** The time an ISO 8601 text begins with and where it ends; `atMs` is null when it cannot be believed. */
export function readIso(text: string, context: LineContext): { atMs: number | null; end: number } | null {
  const found = ISO.exec(text);
  if (!found) return null;
  const [all, year, month, day, hour, minute, second, fraction, zone] = found;
  const date = { year: Number(year), month: Number(month), day: Number(day) };
  return { atMs: timeOf(date, { hour, minute, second, fraction }, zone, context), end: all.length };
}

/** The value of a field that holds a time: ISO 8601, or seconds, ms, µs or ns since 1970; else null. */
export function timeOfValue(value: unknown, context: LineContext): number | null {
  if (typeof value === "number") return sinceEpoch(value);
  if (typeof value !== "string" || value.length > 40) return null;
  if (/^\d{9,19}(?:\.\d+)?$/.test(value)) return sinceEpoch(Number(value));
  const found = readIso(value, context);
  if (found && found.end === value.trimEnd().length) return found.atMs;
  return null;
}

/** Units are told apart by size: seconds stay below 1e11 until the year 5138; below 1e8 (1973) it is a duration. */
function sinceEpoch(value: number): number | null {
  if (!(value >= 1e8)) return null;
  const ms = value < 1e11 ? value * 1_000 : value < 1e14 ? value : value < 1e17 ? value / 1e3 : value / 1e6;
  return ms < 8.64e15 ? Math.round(ms * 1_000) / 1_000 : null;
}
