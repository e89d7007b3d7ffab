import { calendarEnd, isTime } from "./calendar.ts";
import {
  type Characters,
  codeAt,
  isDigitAt,
  isHex,
  isInWord,
  isLetter,
  isUpper,
  kindAt,
  SEPARATOR,
  SPACE,
} from "./characters.ts";
import { hexGroupsEnd, isPort, numberEnd, unitEnd } from "./numbers.ts";

/**
 * Where values end that are variable in any log: numbers with their units, dates, times, addresses, paths, hosts. None
 * looks back, none further than a few words, so a line costs what it is long. Elsewhere: `readWord` in scanner.ts masks
 * words with a digit, `a@b`, long hexadecimal runs and what is too long; numbers.ts has units, calendar.ts named dates.
 */

const COLON = 58;
const COMMA = 44;
const SEMICOLON = 59;
const EQUALS = 61;
const SLASH = 47;
const BACKSLASH = 92;
const DASH = 45;
const DOT = 46;
const TILDE = 126;

/** A number with what belongs to it: the unit after it, the time or the month after a date. */
export function quantityEnd(line: Characters, from: number): number {
  const at = numberEnd(line, from);
  if (codeAt(line, at) !== 32) return at;
  const next = codeAt(line, at + 1);
  if (isDigitAt(line, at + 1)) return isTime(line, at + 1) && isDate(line, from, at) ? numberEnd(line, at + 1) : at;
  if (isUpper(next) && at - from <= 2) {
    const dated = calendarEnd(line, at + 1, true);
    if (dated > 0) return dated;
  }
  return isLetter(next) || next === 0xb5 || next === 37 ? unitEnd(line, at) : at;
}

/** `2015-10-18`, `15/10/18`, `18.10.2015` */
function isDate(line: Characters, from: number, to: number): boolean {
  const length = to - from;
  if (length !== 8 && length !== 10) return false;
  const mark = codeAt(line, isDigitAt(line, from + 2) ? from + 4 : from + 2);
  return mark === DASH || mark === SLASH || mark === DOT;
}

/** A path or URL from its first slash on: to the next space, quote or bracket; `:` `,` `;` stay when something follows. */
export function pathEnd(line: Characters, from: number): number {
  let at = from;
  for (let kind = kindAt(line, at); kind !== SPACE; kind = kindAt(line, ++at)) {
    if (kind !== SEPARATOR) continue;
    const code = codeAt(line, at);
    if (code === EQUALS) continue;
    if (code !== COLON && code !== COMMA && code !== SEMICOLON) break;
    if (!isInWord(line, at + 1)) break;
  }
  return at;
}

/** Where to go on from when a path starts here, or -1: `/x`, `~/x`, `./x`, `../x`, `C:\x`, `\\x`. */
export function pathStart(line: Characters, from: number): number {
  const code = codeAt(line, from);
  if (code === SLASH) return isInWord(line, from + 1) ? from : -1;
  const next = codeAt(line, from + 1);
  if (code === DOT || code === TILDE) {
    const slash = code === DOT && next === DOT ? from + 2 : from + 1;
    return codeAt(line, slash) === SLASH && isInWord(line, slash + 1) ? slash : -1;
  }
  if (code === BACKSLASH) return next === BACKSLASH && isInWord(line, from + 2) ? from + 2 : -1;
  return next === COLON && codeAt(line, from + 2) === BACKSLASH && isLetter(code) ? from + 2 : -1;
}

/** What goes on after a colon, or -1: `https://…`, `fe80::1`, `db.internal:5432`, `node-7:80`, `Main.java:42`. */
export function colonEnd(line: Characters, from: number, colon: number): number {
  if (codeAt(line, colon + 1) === SLASH && codeAt(line, colon + 2) === SLASH) return pathEnd(line, colon + 1);
  if (isPort(line, colon + 1) && namesHost(line, from, colon)) return numberEnd(line, colon + 1);
  if (!isHex(codeAt(line, from)) || colon - from > 4) return -1;
  const groups = hexGroupsEnd(line, from);
  return groups > 0 ? numberEnd(line, groups) : -1;
}

/** A name before a port: with a digit or a dot in it, or the one that everybody has. */
function namesHost(line: Characters, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (codeAt(line, at) === DOT || isDigitAt(line, at)) return true;
  return to - from === 9 && line.text.startsWith("localhost", from);
}

/** The end of a name with dots in small letters, or -1. */
export function hostEnd(line: Characters, from: number): number {
  let dots = 0;
  let at = from;
  for (; at < line.end; at++) {
    const code = codeAt(line, at);
    if (code === DOT) dots++;
    else if (code !== DASH && !isDigitAt(line, at) && (!isLetter(code) || isUpper(code))) break;
  }
  return dots > 0 ? at : -1;
}
