/** What a character is to the scanner. Everything that is none of these is part of a word. */
export const WORD = 0;
export const SPACE = 1;
/** punctuation that ends a token and is kept only to show a template as a person wrote it */
export const SEPARATOR = 2;
export const DIGIT = 3;

const SEPARATORS = "=,;()[]{}<>\"'`:|";
/** characters looked at: what follows in a longer text is one variable */
export const LONGEST_TEXT = 8_192;
/** looked at past the end without asking */
const MARGIN = 4;

const ASCII = new Uint8Array(128);
for (let code = 0; code <= 32; code++) ASCII[code] = SPACE;
ASCII[127] = SPACE;
for (const character of SEPARATORS) ASCII[character.charCodeAt(0)] = SEPARATOR;
for (const digit of "0123456789") ASCII[digit.charCodeAt(0)] = DIGIT;

/** A text as arrays, which are read several times faster than a string. Past the end comes space of code 0. */
export interface Characters {
  text: string;
  end: number;
  readonly codes: Uint16Array;
  readonly kinds: Uint8Array;
}

export const createCharacters = (): Characters => ({
  ...{ text: "", end: 0 },
  codes: new Uint16Array(LONGEST_TEXT + MARGIN),
  kinds: new Uint8Array(LONGEST_TEXT + MARGIN),
});

export function loadCharacters(into: Characters, text: string): void {
  const end = Math.min(text.length, LONGEST_TEXT);
  const { codes, kinds } = into;
  into.text = text;
  into.end = end;
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at);
    codes[at] = code;
    kinds[at] = code < 128 ? (ASCII[code] ?? WORD) : wideKind(text, at, code);
  }
  codes.fill(0, end, end + MARGIN);
  kinds.fill(SPACE, end, end + MARGIN);
}

function wideKind(text: string, at: number, code: number): number {
  if (code <= 0xa0 || code === 0x3000 || code === 0xfeff || (code >= 0x2000 && code <= 0x200f)) return SPACE;
  if (code >= 0x2028 && code <= 0x202f) return SPACE;
  if (code < 0xd800 || code > 0xdfff) return WORD;
  // half of a pair alone cannot be stored as UTF-8
  const high = code < 0xdc00;
  const other = high ? text.charCodeAt(at + 1) : text.charCodeAt(at - 1);
  return (high ? other >= 0xdc00 && other <= 0xdfff : other >= 0xd800 && other < 0xdc00) ? WORD : SPACE;
}

export const codeAt = (line: Characters, at: number): number => line.codes[at] ?? 0;
export const kindAt = (line: Characters, at: number): number => line.kinds[at] ?? SPACE;
/** Whether a token could go on here. */
export const isInWord = (line: Characters, at: number): boolean => {
  const kind = line.kinds[at];
  return kind === WORD || kind === DIGIT;
};
export const isDigitAt = (line: Characters, at: number): boolean => line.kinds[at] === DIGIT;
export const isHex = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
export const isLetter = (code: number): boolean => (code >= 97 && code <= 122) || isUpper(code);
export const isUpper = (code: number): boolean => code >= 65 && code <= 90;
