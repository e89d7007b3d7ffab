import { formatAbsolute } from "../lib/format.ts";

/** ISO 8601 in UTC, as programs and agents read it, or a minute of a day with the zone behind it */
const UTC_TIME = /\b(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2})(?:\.\d+)?Z| (\d{2}:\d{2}) UTC)/g;
const DAY_MS = 86_400_000;

/**
 * A sentence of the server with its times as a person reads them, each with its zone: the clock of the last day, else
 * the day, too. `offsetMinutes` east of UTC; null for the browser's own.
 */
export function withLocalTimes(text: string, offsetMinutes: number | null, now = Date.now()): string {
  return text.replace(UTC_TIME, (written, day: string, second: string | undefined, minute: string | undefined) => {
    const at = new Date(`${day}T${second ?? `${minute}:00`}Z`);
    if (Number.isNaN(at.getTime())) return written;
    const offset = offsetMinutes ?? -at.getTimezoneOffset();
    const isNear = Math.abs(now - at.getTime()) < DAY_MS / 2;
    const whole = formatAbsolute(at, offset);
    const [, clock = "", zone = ""] = whole.split(" ");
    return isNear && offsetMinutes === null ? `${second ? clock : clock.slice(0, 5)} ${zone}` : whole;
  });
}
