/** Escapes in texts: percent encoding, JSON's, C's, HTML's and a terminal's colours, read away so that a text can be searched. Pure. */

/** A text with escapes read away; where each of its characters stands in the text it was made of, and the end. */
export interface Unescaped {
  text: string;
  at: number[];
}

const BYTE = String.raw`(?:%|\\x)`;
const LATER = `${BYTE}[89ab][0-9a-f]`;
/** the bytes of one character of UTF-8 each; a byte that is none stands for itself */
const BYTES = [
  `${BYTE}[0-7][0-9a-f]`,
  `${BYTE}[cd][0-9a-f]${LATER}`,
  `${BYTE}e[0-9a-f](?:${LATER}){2}`,
  `${BYTE}f[0-4](?:${LATER}){3}`,
  `${BYTE}[89a-f][0-9a-f]`,
];
/** a colour, which a terminal shows and does not print */
const ANSI = String.raw`\u001b\[[0-?]{0,64}[ -/]{0,8}[@-~]|\u001b[()][0-9A-Z]`;
const WRITTEN_OUT = String.raw`\\u\{[0-9a-f]{1,6}\}|\\u[0-9a-f]{4}|\\[0-3][0-7]{2}|\\["'\\/nrtbfvae0]|&#\d{1,7};|&#x[0-9a-f]{1,6};|&(?:amp|lt|gt|quot|apos);`;
const ESCAPES = new RegExp(`${BYTES.join("|")}|${WRITTEN_OUT}|${ANSI}`, "gi");
/** a letter or digit behind a backslash: a line break is written `\\n` in JSON and in C */
const CONTROLS: Record<string, string> = {
  ...{ n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", v: "\v", a: "\u0007", e: "\u001b", 0: "\0" },
};
const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
/** an escaped text may be escaped again */
export const MOST_LEVELS = 3;

/** The character that an escape stands for. */
function unescaped(written: string): string {
  if (written[0] === "\u001b") return "";
  if (/^(?:%|\\x)/i.test(written)) return ofBytes(written.replace(/\\x/gi, "%"));
  const [, kind = "", digits = ""] = /^(\\u|&#x|&#)\{?([0-9a-f]+)/i.exec(written) ?? [];
  if (kind !== "") {
    const code = Number.parseInt(digits, kind === "&#" ? 10 : 16);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : written;
  }
  if (written[0] === "&") return NAMED[written.slice(1, -1).toLowerCase()] ?? written;
  const behind = written.slice(1).toLowerCase();
  return behind.length === 3 ? String.fromCharCode(Number.parseInt(behind, 8)) : (CONTROLS[behind] ?? behind);
}

/** of `%c3%a9`; without an exception for what is no UTF-8, which would cost more than all else */
function ofBytes(written: string): string {
  const hex = written.replaceAll("%", "");
  return hex.length === 2 ? String.fromCharCode(Number.parseInt(hex, 16)) : Buffer.from(hex, "hex").toString("utf8");
}

const mayBeEscaped = (text: string): boolean =>
  text.includes("%") || text.includes("\\") || text.includes("&") || text.includes("\u001b");

/** null when nothing is escaped */
export function readEscapes(text: string): Unescaped | null {
  if (!mayBeEscaped(text)) return null;
  const at: number[] = [];
  let plain = "";
  let read = 0;
  const keep = (until: number) => {
    for (let i = read; i < until; i++) at.push(i);
    plain += text.slice(read, until);
  };
  for (const { 0: whole, index } of text.matchAll(ESCAPES)) {
    keep(index);
    const meant = unescaped(whole);
    for (let i = 0; i < meant.length; i++) at.push(index);
    plain += meant;
    read = index + whole.length;
  }
  if (read === 0) return null;
  keep(text.length);
  at.push(text.length);
  return { text: plain, at };
}

/** The text itself, then what is left when its escapes are read away, once, twice, three times. */
export function* levelsOf(text: string): Generator<Unescaped | { text: string; at: null }> {
  yield { text, at: null };
  let level: Unescaped | null = readEscapes(text);
  for (let depth = 0; level && depth < MOST_LEVELS; depth++) {
    yield level;
    const before: number[] = level.at;
    const next: Unescaped | null = readEscapes(level.text);
    level = next && { text: next.text, at: next.at.map((i) => before[i] ?? 0) };
  }
}

/** Whether something holds for a text itself or for what is left when its escapes are read away, level by level. */
export function someLevel(text: string, holds: (level: string) => boolean): boolean {
  if (holds(text)) return true;
  let level = text;
  for (let depth = 0; depth < MOST_LEVELS && mayBeEscaped(level); depth++) {
    const next = level.replace(ESCAPES, unescaped);
    if (next === level) return false;
    if (holds(next)) return true;
    level = next;
  }
  return false;
}

/** an escape of which the rest is yet to come */
export const HALF_ESCAPE = new RegExp(
  String.raw`(?:${BYTE}[c-f][0-9a-f](?:${LATER})*)?(?:%[0-9a-f]?|\\(?:u\{?[0-9a-f]{0,6}|x[0-9a-f]?|[0-3][0-7]?)?|&#?x?[0-9a-z]{0,7}|\u001b(?:\[[0-?]{0,64}[ -/]{0,8}|[()])?)?$`,
  "i",
);
