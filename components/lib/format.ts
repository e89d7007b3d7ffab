import { failedOf, isTooFew } from "#server/agent/telemetry/failed-share.ts";
import { groupedCount } from "#server/agent/text/numbers.ts";

/**
 * Numbers and times as people read them. Pure. A missing value is an en dash, never a zero; thin spaces are normal
 * non-breaking ones so that a unit never wraps away from its number.
 */

export const MISSING = "–";
export const NBSP = "\u00a0";

type Maybe = number | null | undefined;
const missing = (value: Maybe): value is null | undefined =>
  value === null || value === undefined || Number.isNaN(value);

/** Three significant digits without trailing zeros: 41.23 → "41.2", 0.04512 → "0.0451", 1234 → "1230". */
export function threeDigits(value: number): string {
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(3));
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(rounded))));
  const text = rounded.toFixed(Math.min(decimals, 6));
  return (text.includes(".") ? text.replace(/\.?0+$/, "") : text).replace("-", "\u2212");
}

const SI = [
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** 12_345 → "12.3 k". */
export function formatNumber(value: Maybe): string {
  if (missing(value)) return MISSING;
  const rounded = Number(value.toPrecision(3));
  for (const [size, prefix] of SI) if (Math.abs(rounded) >= size) return `${threeDigits(value / size)}${NBSP}${prefix}`;
  return threeDigits(value);
}

/** Whole things, exactly: 12345 → "12 345". */
export const formatCount = (value: Maybe): string => (missing(value) ? MISSING : groupedCount(value));

/** Per second; the unit stands in the column's head or beside. */
export const formatRate = (value: Maybe): string => (missing(value) ? MISSING : `${formatNumber(value)}/s`);

/** A rate with what it is over where that is less than its window: (20, 40) → "20/s, over 40 s", (20, null) → "20/s". */
export const formatRateOver = (perSecond: Maybe, overSeconds: Maybe): string =>
  missing(perSecond) || missing(overSeconds)
    ? formatRate(perSecond)
    : `${formatRate(perSecond)}, ${formatOver(overSeconds)}`;

/** 40 → "over 40 s". */
export const formatOver = (seconds: number): string => `over${NBSP}${formatDuration(Math.max(1, seconds) * 1_000)}`;

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** 77_594_624 → "74 MiB". */
export function formatBytes(bytes: Maybe): string {
  if (missing(bytes)) return MISSING;
  let index = 0;
  let value = bytes;
  while (Math.abs(value) >= 1000 && index < BYTES.length - 1) {
    value /= 1024;
    index += 1;
  }
  return `${threeDigits(value)}${NBSP}${BYTES[index]}`;
}

/** 0.8 → "0.8 ms", 312.4 → "312 ms", 2_345 → "2.35 s", 75_000 → "1 min 15 s". */
export function formatMs(ms: Maybe): string {
  if (missing(ms)) return MISSING;
  if (Math.abs(ms) < 999.5) return `${threeDigits(ms)}${NBSP}ms`;
  if (Math.abs(ms) < 59_950) return `${threeDigits(ms / 1000)}${NBSP}s`;
  return formatDuration(ms);
}

interface P95 {
  p95Ms: Maybe;
  p95Requests?: number | undefined;
  p95GaveUp?: number | undefined;
  p95IsLeast?: boolean | undefined;
}

/** A p95 that may be known as a lower bound alone: "312 ms", "≥ 1.89 s". */
export const formatP95 = ({ p95Ms, p95IsLeast }: P95): string =>
  p95IsLeast && !missing(p95Ms) ? `≥${NBSP}${formatMs(p95Ms)}` : formatMs(p95Ms);

/** What a p95 is of: "of 522 requests, of which clients gave up 510"; undefined where that is not told. */
export function formatP95Base({ p95Ms, p95Requests, p95GaveUp = 0 }: P95): string | undefined {
  if (p95Requests === undefined || missing(p95Ms)) return undefined;
  const base = `of${NBSP}${formatCount(p95Requests)}${NBSP}request${p95Requests === 1 ? "" : "s"}`;
  return p95GaveUp === 0 ? base : `${base}, of which clients gave up ${formatCount(p95GaveUp)}`;
}

const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
] as const;

/** Length of time in its two largest units: 3_720_000 → "1 h 2 min". Input in ms, seconds are the smallest unit. */
export function formatDuration(ms: Maybe): string {
  if (missing(ms)) return MISSING;
  let rest = Math.max(0, Math.round(ms / 1000));
  const parts: string[] = [];
  for (const [size, unit] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${NBSP}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || `0${NBSP}s`;
}

/** 4.812 → "4.81 %"; just below 100 it never rounds up to 100: 99.9996 → "99.999 %". */
export function formatPercent(percent: Maybe): string {
  if (missing(percent)) return MISSING;
  if (percent > 99 && percent < 100) {
    const text = (Math.floor(percent * 1000) / 1000).toString();
    return `${text}${NBSP}%`;
  }
  return `${threeDigits(Math.abs(percent) < 0.005 ? 0 : Number(percent.toFixed(2)))}${NBSP}%`;
}

/** A percentage with what it is a share of: (4.8, 1240, "requests") → "4.8 % of 1 240 requests". */
export const formatShare = (percent: Maybe, base: number, of: string): string =>
  missing(percent) ? `no ${of}` : `${formatPercent(percent)} of ${formatCount(base)} ${of}`;

/** The share of requests that failed, of a service whose requests may not have been counted. */
export const formatFailed = (traffic: { requestsPerSecond: Maybe; errorPercent: Maybe; requests: number }): string =>
  traffic.requests === 0 && missing(traffic.requestsPerSecond)
    ? "not counted"
    : isTooFew({ errorPercent: traffic.errorPercent ?? null, requests: traffic.requests })
      ? `too few requests to judge: ${formatErrors(traffic)}`
      : formatShare(traffic.errorPercent, traffic.requests, "requests");

/** A share of failures where its base cannot stand beside it: (4.8, 1240) → "4.8 %", (100, 1) → "1 of 1 failed". */
export function formatErrors({ errorPercent, requests }: { errorPercent: Maybe; requests: number }): string {
  const share = { errorPercent: errorPercent ?? null, requests };
  if (!isTooFew(share)) return formatPercent(errorPercent);
  return `${formatCount(failedOf(share))}${NBSP}of${NBSP}${formatCount(requests)}${NBSP}failed`;
}

/** Seconds from which a day of checks counts as whole. */
const WHOLE_DAY_S = 23 * 3_600;

/** The base of an uptime, said where it is less than the day: 1200 → "of 20 min", 86_400 → "". */
export const formatWatched = (seconds: number): string =>
  seconds >= WHOLE_DAY_S || seconds <= 0 ? "" : `of${NBSP}${formatDuration(seconds * 1_000)}`;

/** A change always carries its sign: 3 → "+3", -2 → "−2". */
export const formatChange = (value: Maybe): string =>
  missing(value) ? MISSING : `${value > 0 ? "+" : ""}${formatNumber(value)}`;

/** "just now", "12 s ago", "3 min ago", "5 h ago", "2 d ago"; ahead of now: "in 3 min". */
export function formatRelative(at: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - at.getTime()) / 1000);
  const size = Math.abs(seconds);
  if (size < 5) return "just now";
  const [step, unit] = size < 60 ? [1, "s"] : size < 3_600 ? [60, "min"] : size < 86_400 ? [3_600, "h"] : [86_400, "d"];
  const text = `${Math.floor(size / step)}${NBSP}${unit}`;
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}

const two = (value: number) => String(value).padStart(2, "0");

/** Local clock time with the zone's offset, for hovering and copies: "2026-11-22 14:03:07 +05:45". */
export function formatAbsolute(at: Date, offsetMinutes = -at.getTimezoneOffset()): string {
  const local = new Date(at.getTime() + offsetMinutes * 60_000).toISOString();
  const size = Math.abs(offsetMinutes);
  const zone = `${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${zone}`;
}

/** Clock time of a series point: "14:03". */
export const formatClock = (at: Date, offsetMinutes = -at.getTimezoneOffset()): string =>
  new Date(at.getTime() + offsetMinutes * 60_000).toISOString().slice(11, 16);

/** Clock time of a moment: "14:03:07". */
export const formatSecond = (at: Date, offsetMinutes = -at.getTimezoneOffset()): string =>
  new Date(at.getTime() + offsetMinutes * 60_000).toISOString().slice(11, 19);

/** "1 incident", "3 incidents". */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)}${NBSP}${count === 1 ? one : many}`;
