/** Makes text from outside safe to read: nothing in it can hide, reorder or break up what stands around it. */

/** Colours and cursor movements of terminals (ECMA-48), and links (OSC 8). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const ANSI = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/**
 * Control characters but tab and line feed, line separators, and what Unicode says is not drawn (directions, zero
 * width, fillers, tags); not the joiners and selectors that emoji and scripts are written with.
 */
export const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /(?!\u200c|\u200d|[\ufe00-\ufe0f])(?:[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufff9-\ufffb]|\p{Default_Ignorable_Code_Point})/gu;

/** Joiners where an emoji needs them, or a script whose letters change their form by them. */
const MEANT_JOINERS =
  /(?<=\p{Extended_Pictographic}|\ufe0f|[\u{1f3fb}-\u{1f3ff}])\u200d(?=\p{Extended_Pictographic})|(?<=[\p{L}\p{M}])(?:\u200c|\u200d)(?=[\p{L}\p{M}])(?<=[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Nko}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}].)/gu;
const JOINERS = /\u200c|\u200d/u;
/** all but one behind an emoji or in a keycap, and one of the first three behind an ideograph: a run of them hides bytes */
const SELECTORS =
  /(?<!\p{Extended_Pictographic}|(?<=[\d#*])(?=[\ufe0e\ufe0f]\u20e3))[\ufe0e\ufe0f]|(?<!\p{Script=Han})[\ufe00-\ufe02]|[\ufe03-\ufe0d]/u;

/** Whether a text holds a character that is not drawn, or that reorders what stands around it. Tabs and line ends count. */
export const hidesSomething = (text: string): boolean => {
  const rest = text.replace(MEANT_JOINERS, "");
  return /[\t\n]/.test(rest) || rest.search(UNSEEN) >= 0 || JOINERS.test(rest) || SELECTORS.test(rest);
};

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`;

/**
 * A text in which nothing hides: what is not drawn is written as `\u{202E}`, so are joiners and selectors that no script
 * and no emoji needs; tabs and line feeds stay. For readers without colours, models among them.
 */
export function escapeHiding(text: string): string {
  if (!/[^ -~]/.test(text)) return text;
  const meant = new Set(Array.from(text.matchAll(MEANT_JOINERS), ({ index }) => index));
  const hiding = new RegExp(`${UNSEEN.source}|${JOINERS.source}|${SELECTORS.source}`, "gu");
  return text.replace(hiding, (character, at: number) => (meant.has(at) ? character : escaped(character)));
}

/** Text a database can hold: without U+0000 and half surrogate pairs. */
export const isStorable = (text: string): boolean => !text.includes("\u0000") && text.isWellFormed();

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

/** A text on one line, in which what cannot be seen is written out. */
export const asVisibleLine = (text: string): string => onOneLine(text).replace(UNSEEN, signOf);
