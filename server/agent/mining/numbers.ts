import { type Characters, codeAt, isDigitAt, isHex, isInWord, kindAt, WORD } from "./characters.ts";

const COLON = 58;
const COMMA = 44;
const DOT = 46;
const SLASH = 47;
const PERCENT = 37;

const UNITS = new Set(
  [
    "ns us µs ms s sec secs second seconds m min mins minute minutes h hr hrs hour hours d day days week weeks",
    "b kb mb gb tb pb kib mib gib tib byte bytes kbyte kbytes mbyte mbytes bit bits k hz khz mhz ghz",
    "b/s kb/s mb/s gb/s kib/s mib/s bytes/s bytes/sec kbps mbps gbps bps % percent",
  ].flatMap((line) => line.split(" ")),
);
const LONGEST_UNIT = 9;
const LONGEST_PORT = 5;

/** The end of the run of word characters and digits from `from` on. */
export function wordEnd(line: Characters, from: number): number {
  let at = from;
  while (isInWord(line, at)) at++;
  return at;
}

/** A token that starts with a digit: `12:04:31,220`, `10.0.0.7:50010`, `1,2,3`, `0x1f`, `2015-10-18T18:01:47Z`. */
export function numberEnd(line: Characters, from: number): number {
  let at = wordEnd(line, Math.max(from, hexGroupsEnd(line, from)));
  for (;;) {
    const code = codeAt(line, at);
    if (code !== COLON && code !== COMMA) return at;
    const inside = isDigitAt(line, at - 1) ? isDigitAt(line, at + 1) : code === COLON && isPort(line, at + 1);
    if (!inside) return at;
    at = wordEnd(line, at + 1);
  }
}

/** Up to five digits and nothing else: what stands after a host, or a line's number after a file. */
export function isPort(line: Characters, from: number): boolean {
  let at = from;
  while (isDigitAt(line, at)) at++;
  if (at === from || at > from + LONGEST_PORT) return false;
  return !isInWord(line, codeAt(line, at) === DOT ? at + 1 : at);
}

/** The end of the unit that follows a number after one space, or the number's own end. */
export function unitEnd(line: Characters, numberAt: number): number {
  const from = numberAt + 1;
  const to = wordEnd(line, from);
  const plain = codeAt(line, to - 1) === DOT ? to - 1 : to;
  if (plain - from > LONGEST_UNIT || plain === from) return numberAt;
  return UNITS.has(line.text.slice(from, plain).toLowerCase()) ? plain : numberAt;
}

/** Groups of hexadecimal digits, which may start with a letter, or -1: IPv6 and MAC addresses. */
export function hexGroupsEnd(line: Characters, from: number): number {
  let colons = 0;
  let digits = 0;
  let group = 0;
  let at = from;
  for (; at < line.end; at++) {
    const code = codeAt(line, at);
    if (code === COLON) {
      colons++;
      group = 0;
    } else if (isHex(code) && ++group <= 4) digits += isDigitAt(line, at) ? 1 : 0;
    else break;
  }
  const next = codeAt(line, at);
  if (kindAt(line, at) === WORD && next !== SLASH && next !== PERCENT) return -1;
  const pairs = colons === 5 && at - from === 17;
  return (colons >= 2 && digits > 0 && group > 0) || pairs ? at : -1;
}
