import type { FreezeWindow } from "./config.ts";
import { instantOf, wallClock } from "./zone-time.ts";

/** Freeze windows of the configuration: when nothing new is deployed. Pure. */

export interface Freeze {
  name: string;
  environments: string[];
  services: string[];
  from: Date;
  /** the first instant after it */
  until: Date;
}

export interface FreezeQuery {
  /** left out: windows of any service count */
  service?: string | undefined;
  environment?: string | undefined;
  at: Date;
}

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const DAY_MS = 86_400_000;
/** A recurring window comes again within a week, or not at all. */
const AHEAD_DAYS = 8;

/** The windows that are in force, those that last longest first. */
export const freezesAt = (windows: readonly FreezeWindow[], { at, ...scope }: FreezeQuery): Freeze[] =>
  windows
    .filter((window) => concerns(window, scope))
    .flatMap((window) => spans(window, at.getTime(), 1))
    .filter((freeze) => freeze.from <= at && at < freeze.until)
    .sort((a, b) => b.until.getTime() - a.until.getTime());

/**
 * The window in force, until when nothing is frozen any more: windows that follow one another without a gap count as
 * one. Null when nothing is.
 */
export function freezeAt(windows: readonly FreezeWindow[], query: FreezeQuery): Freeze | null {
  const [first] = freezesAt(windows, query);
  if (!first) return null;
  let { until } = first;
  for (let i = 0; i < 400; i++) {
    const [next] = freezesAt(windows, { ...query, at: until });
    if (!next) break;
    until = next.until;
  }
  return { ...first, until };
}

/** The next window that begins after `at`, within eight days when it recurs. */
export function nextFreeze(windows: readonly FreezeWindow[], { at, ...scope }: FreezeQuery): Freeze | null {
  const coming = windows
    .filter((window) => concerns(window, scope))
    .flatMap((window) => spans(window, at.getTime(), AHEAD_DAYS))
    .filter((freeze) => freeze.from > at);
  return coming.sort((a, b) => a.from.getTime() - b.from.getTime())[0] ?? null;
}

function concerns(window: FreezeWindow, { service, environment }: Omit<FreezeQuery, "at">): boolean {
  const includes = (names: string[], name: string | undefined) =>
    names.length === 0 || name === undefined || names.includes(name);
  return includes(window.services, service) && includes(window.environments, environment);
}

/** When it is in force, from two days before `at` to `days` after. */
function spans(window: FreezeWindow, at: number, days: number): Freeze[] {
  const { name, environments, services } = window;
  const scope = { name, environments, services };
  if ("from" in window) return [{ ...scope, from: new Date(window.from), until: new Date(window.to) }];
  const { timeZone } = window;
  const today = Math.floor(wallClock(timeZone, at) / DAY_MS) * DAY_MS;
  const start = msOf(window.start);
  const end = msOf(window.end);
  const found: Freeze[] = [];
  for (let day = today - 2 * DAY_MS; day <= today + days * DAY_MS; day += DAY_MS) {
    const weekday = DAYS[new Date(day).getUTCDay()];
    if (!weekday || !window.days.includes(weekday)) continue;
    // a window is never shorter than the clocks there say: an hour that comes twice counts in full
    const from = new Date(instantOf(timeZone, day + start, "first"));
    const until = new Date(instantOf(timeZone, day + end + (end <= start ? DAY_MS : 0), "last"));
    if (from < until) found.push({ ...scope, from, until });
  }
  return found;
}

/** `16:30` in milliseconds since midnight. */
const msOf = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return (hours * 60 + minutes) * 60_000;
};
