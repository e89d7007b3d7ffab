import { calendarEnd } from "./calendar.ts";
import {
  type Characters,
  codeAt,
  createCharacters,
  DIGIT,
  isDigitAt,
  isHex,
  isInWord,
  isLetter,
  isUpper,
  kindAt,
  loadCharacters,
  SEPARATOR,
  SPACE,
} from "./characters.ts";
import { colonEnd, hostEnd, pathEnd, pathStart, quantityEnd } from "./masks.ts";

/** A line holds at most so many tokens; what comes after is one variable. */
export const MOST_TOKENS = 128;
/** longer ones are variables: encoded data, keys */
const LONGEST_TOKEN = 64;
/** a template is a key in a B-tree, which takes 2,704 bytes */
const MOST_BYTES = 2_000;
/** a line break ends an event's headline once it says something */
const HEADLINE_TOKENS = 3;
/** runs of hexadecimal digits that are no English word any more */
const SHORTEST_HEX = 8;

const NEWLINE = 10;
const ESCAPE = 27;
const EXCLAMATION = 33;
const OPEN = 40;
const CLOSE = 41;
const ASTERISK = 42;
const PLUS = 43;
const COMMA = 44;
const DASH = 45;
const DOT = 46;
const COLON = 58;
const LESS = 60;
const GREATER = 62;
const QUESTION = 63;
const AT = 64;
const BRACKET = 91;

/** differs by process, so that nobody can send words that all fall into one bucket; no result depends on it */
const SEED = Math.floor(Math.random() * 2 ** 32) | 1;
/** FNV-1a's */
const PRIME = 0x01000193;

/**
 * The tokens of a line, masked: 0 as hash stands for a variable. One object is used for line after line; positions
 * point into `text`.
 */
export interface ScannedLine extends Characters {
  count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly hashes: Int32Array;
  /** where reading stopped */
  stop: number;
  /** the last token stands for the rest of a line that was too long */
  cut: boolean;
}

export const createScannedLine = (): ScannedLine => ({
  ...createCharacters(),
  ...{ count: 0, stop: 0, cut: false },
  starts: new Int32Array(MOST_TOKENS),
  ends: new Int32Array(MOST_TOKENS),
  hashes: new Int32Array(MOST_TOKENS),
});

/**
 * Splits a text into tokens at space and punctuation, and masks in the same pass what is variable in any log. Of
 * several lines the first ones are read until they say something; of a Python traceback the last, which names the
 * error. A text without any token is one variable.
 */
export function scan(line: ScannedLine, text: string): void {
  loadCharacters(line, text.startsWith("Traceback (most recent call last)") ? lastLine(text) : text);
  line.count = 0;
  line.cut = false;
  line.stop = readTokens(line);
  if (line.count === 0) push(line, 0, 0, 0);
  if (line.stop === line.end && line.end < line.text.length && !line.cut) {
    if (kindAt(line, line.end - 1) === SPACE) push(line, line.end, line.end, 0);
    line.cut = true;
  }
  if (line.cut) line.hashes[line.count - 1] = 0;
}

function lastLine(text: string): string {
  const lines = text.trimEnd();
  return lines.slice(lines.lastIndexOf("\n") + 1);
}

/** @returns where it stopped: the end, a line break, or the token with which a limit was reached */
function readTokens(line: ScannedLine): number {
  let bytes = 0;
  let at = 0;
  while (at < line.end) {
    const kind = line.kinds[at];
    if (kind === SPACE) {
      const code = line.codes[at];
      if (code === NEWLINE && line.count >= HEADLINE_TOKENS) return at;
      at = code === ESCAPE ? escapeEnd(line, at) : at + 1;
      continue;
    }
    const before = line.count;
    const start = at;
    at = kind === SEPARATOR ? readSeparator(line, at) : readToken(line, at, kind);
    if (line.count === before) bytes += 1;
    else bytes += Math.max(4, 1 + (line.hashes[before] === 0 ? 0 : byteLength(line, start, at)));
    line.cut = bytes > MOST_BYTES || line.count === MOST_TOKENS;
    if (line.cut) return at;
  }
  return line.end;
}

/** Past a colour code or any other control sequence of a terminal (ECMA-48, CSI). */
export function escapeEnd(line: Characters, from: number): number {
  if (codeAt(line, from + 1) !== BRACKET) return from + 1;
  let at = from + 2;
  while (at < line.end && codeAt(line, at) >= 32 && codeAt(line, at) < 64) at++;
  return Math.min(at + 1, line.end);
}

/** Punctuation that holds a value: a template's own mark, `()` with nothing in it, a host in parentheses. */
function readSeparator(line: ScannedLine, at: number): number {
  const code = codeAt(line, at);
  const next = codeAt(line, at + 1);
  if (code === LESS && next === ASTERISK && codeAt(line, at + 2) === GREATER) return push(line, at, at + 3, 0);
  if (code !== OPEN) return at + 1;
  if (next === CLOSE) return at > 0 && kindAt(line, at - 1) === SPACE ? push(line, at + 1, at + 1, 0) + 1 : at + 1;
  const to = isInWord(line, at + 1) ? hostEnd(line, at + 1) : -1;
  return to > 0 && codeAt(line, to) === CLOSE ? push(line, at + 1, to, 0) : at + 1;
}

function readToken(line: ScannedLine, from: number, kind: number | undefined): number {
  if (kind === DIGIT) return pushVariable(line, from, quantityEnd(line, from));
  const first = codeAt(line, from);
  if ((first === DASH || first === PLUS) && isDigitAt(line, from + 1))
    return pushVariable(line, from, quantityEnd(line, from + 1));
  const path = pathStart(line, from);
  if (path >= 0) return pushVariable(line, from, pathEnd(line, path));
  if (isUpper(first)) {
    const dated = calendarEnd(line, from, false);
    if (dated > 0) return pushVariable(line, from, dated);
  }
  return readWord(line, from);
}

/** Variable are words with a digit, addresses (`a@b`), long runs of hexadecimal digits, and what is too long. */
function readWord(line: ScannedLine, from: number): number {
  const { codes, kinds } = line;
  let hash = SEED;
  let variable = false;
  let hex = true;
  let to = from;
  for (; isInWord(line, to); to++) {
    const code = codes[to] ?? 0;
    if (kinds[to] === DIGIT) variable = true;
    else if (hex && !isHex(code)) hex = false;
    if (code === AT && to > from && isLetter(codeAt(line, to + 1))) variable = true;
    hash = Math.imul(hash ^ code, PRIME);
  }
  if (codes[to] === COLON) {
    const special = colonEnd(line, from, to);
    if (special > 0) return pushVariable(line, from, special);
  }
  const last = trimmed(line, from, to);
  if (last === from) return to; // full stops alone
  if (variable || last - from > LONGEST_TOKEN || (hex && last - from >= SHORTEST_HEX)) return pushItem(line, from, to);
  push(line, from, last, finish(last === to ? hash : hashOf(line, from, last)));
  return to;
}

function push(line: ScannedLine, from: number, to: number, hash: number): number {
  line.starts[line.count] = from;
  line.ends[line.count] = to;
  line.hashes[line.count++] = hash;
  return to;
}

function pushVariable(line: ScannedLine, from: number, to: number): number {
  push(line, from, trimmed(line, from, to), 0);
  return to;
}

/** A variable, or one more item of a list of the same kind: `blk_1 blk_2, blk_3` is one variable. */
function pushItem(line: ScannedLine, from: number, to: number): number {
  const last = line.count - 1;
  if (last < 0 || line.hashes[last] !== 0) return pushVariable(line, from, to);
  const before = line.starts[last] ?? 0;
  const alike = isLetter(codeAt(line, from)) && isLetter(codeAt(line, from + 1));
  const same = codeAt(line, before) === codeAt(line, from) && codeAt(line, before + 1) === codeAt(line, from + 1);
  if (!alike || !same || !joinsItems(line, line.ends[last] ?? 0, from)) return pushVariable(line, from, to);
  line.ends[last] = trimmed(line, from, to);
  return to;
}

/** Space, with a comma perhaps. */
function joinsItems(line: Characters, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (codeAt(line, at) !== 32 && codeAt(line, at) !== COMMA) return false;
  return to > from;
}

/** The end without the full stops of a sentence. */
function trimmed(line: Characters, from: number, to: number): number {
  let at = to;
  for (; at > from; at--) {
    const code = codeAt(line, at - 1);
    if (code !== DOT && code !== EXCLAMATION && code !== QUESTION) break;
  }
  return at;
}

const finish = (hash: number): number => (hash ^ (hash >>> 15)) | 0 || 1;

function hashOf(line: Characters, from: number, to: number): number {
  let hash = SEED;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ codeAt(line, at), PRIME);
  return hash;
}

function byteLength(line: Characters, from: number, to: number): number {
  let bytes = 0;
  for (let at = from; at < to; at++) bytes += codeAt(line, at) < 128 ? 1 : 3;
  return bytes;
}
