/** Wall-clock time of an IANA time zone, with its changes of daylight saving time. Pure. */

const FORMATS = new Map<string, Intl.DateTimeFormat>();
const DAY_MS = 86_400_000;

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  FORMATS.set(timeZone, made);
  return made;
}

/** What clocks there show at an instant, written as if it were UTC. Milliseconds since 1970, both ways. */
export function wallClock(timeZone: string, at: number): number {
  const parts = formatOf(timeZone).formatToParts(at);
  const of = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const wall = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  return wall + (((at % 1_000) + 1_000) % 1_000);
}

/**
 * The instant at which clocks there show `wall` (as if it were UTC). Where they show it twice, the first or the last
 * time, as asked; where they skip it, the instant at which they do.
 */
export function instantOf(timeZone: string, wall: number, which: "first" | "last"): number {
  const offsetAt = (at: number) => wallClock(timeZone, at) - at;
  const offsets = [offsetAt(wall - DAY_MS), offsetAt(wall + DAY_MS)];
  const fitting = offsets.map((offset) => wall - offset).filter((at) => wallClock(timeZone, at) === wall);
  if (fitting.length > 0) return which === "first" ? Math.min(...fitting) : Math.max(...fitting);
  let before = wall - Math.max(...offsets);
  let after = wall - Math.min(...offsets);
  const offset = offsetAt(before);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle) === offset) before = middle;
    else after = middle;
  }
  return after;
}
