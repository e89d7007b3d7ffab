import { clipText } from "./clip-text.ts";

/** Makes text from outside safe to read: nothing in it can hide, reorder or break up what stands around it. */

/** Colours and cursor movements of terminals (ECMA-48), and links (OSC 8). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const ANSI = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/** C0, DEL, C1, line separators, direction (UAX #9), zero width but for the joiners of emoji and scripts, tags. */
export const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

const NAMES: Record<number, string> = {
  127: "␡",
  1564: "ALM",
  8203: "ZWSP",
  8206: "LRM",
  8207: "RLM",
  8232: "LS",
  8233: "PS",
  8234: "LRE",
  8235: "RLE",
  8236: "PDF",
  8237: "LRO",
  8238: "RLO",
  8294: "LRI",
  8295: "RLI",
  8296: "FSI",
  8297: "PDI",
  65279: "BOM",
};

/** What is written for a character that cannot be seen. */
export function signOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return NAMES[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

export const withoutAnsi = (text: string): string => text.replace(ANSI, "");

/** Line ends as a sign and tabs as a space. */
export const onOneLine = (text: string): string => text.replace(/\r?\n/g, "↵ ").replaceAll("\t", " ");

/** A text as one line of words: what cannot be seen in it is written out, and of more than `longest` characters the rest is left out. */
export const visibleText = (text: string, longest: number): string =>
  onOneLine(clipText(withoutAnsi(text), longest)).replace(UNSEEN, signOf);
