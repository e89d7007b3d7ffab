import { type Characters, codeAt, isDigitAt } from "./characters.ts";
import { numberEnd, wordEnd } from "./numbers.ts";

const MONTHS = new Set("Jan Feb Mar Apr May Jun Jul Aug Sep Sept Oct Nov Dec".split(" "));
for (const name of "January February March April June July August September October November December".split(" "))
  MONTHS.add(name);
const WEEKDAYS = new Set("Mon Tue Wed Thu Fri Sat Sun".split(" "));
for (const name of "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(" ")) WEEKDAYS.add(name);
const LONGEST_NAME = 9;
const LONGEST_PART = 15;
const AFTER_TIME = /^(?:UTC|GMT|[ECMP][DS]T|CES?T|AM|PM)$/;

const COLON = 58;
const COMMA = 44;

interface Parts {
  name: boolean;
  day: boolean;
  time: boolean;
  year: boolean;
}

/** `12:34`, `12:34:56` */
export const isTime = (line: Characters, at: number): boolean =>
  isDigitAt(line, at) && isDigitAt(line, at + 1) && codeAt(line, at + 2) === COLON;

/**
 * The end of a date with names, or -1: `Mon Jun 12 12:34:56 2005`, `Sat, 12 Jun 2005 12:34:56 GMT`, `Jun 9`. Each part
 * is taken once, so that a number after a date is left alone.
 *
 * @param dayKnown the day of the month stands before `from`
 */
export function calendarEnd(line: Characters, from: number, dayKnown: boolean): number {
  if (!isName(line, from)) return -1;
  const seen: Parts = { name: false, day: dayKnown, time: false, year: false };
  let done = -1;
  for (let at = from; at < line.end; ) {
    const to = isDigitAt(line, at) ? numberEnd(line, at) : wordEnd(line, at);
    if (!takePart(line, at, to, seen)) break;
    if (seen.name && seen.day) done = to;
    at = to;
    if (codeAt(line, at) === COMMA) at++;
    while (at < to + 3 && codeAt(line, at) === 32) at++;
    if (at === to) break;
  }
  return done;
}

/** Whether a word might be a month or a weekday: a look at three letters spares making a string of every name. */
function isName(line: Characters, from: number): boolean {
  const third = codeAt(line, from + 2);
  return isStart(codeAt(line, from)) && third >= 97 && third <= 122 && wordEnd(line, from) - from <= LONGEST_NAME;
}

const STARTS = new Set([..."JFMASONDTW"].map((letter) => letter.charCodeAt(0)));
const isStart = (code: number): boolean => code < 91 && STARTS.has(code);

function takePart(line: Characters, from: number, to: number, seen: Parts): boolean {
  const length = to - from;
  if (length === 0 || length > LONGEST_PART) return false;
  if (!isDigitAt(line, from)) {
    const word = length <= LONGEST_NAME ? line.text.slice(from, to) : "";
    if (MONTHS.has(word)) return take(seen, "name");
    return seen.time ? AFTER_TIME.test(word) : WEEKDAYS.has(word) && !seen.name;
  }
  if (length <= 2) return take(seen, "day");
  if (isTime(line, from)) return take(seen, "time");
  return length === 4 && /^(?:19|20)\d\d$/.test(line.text.slice(from, to)) && take(seen, "year");
}

function take(seen: Parts, part: keyof Parts): boolean {
  if (seen[part]) return false;
  seen[part] = true;
  return true;
}
