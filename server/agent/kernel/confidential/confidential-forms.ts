import { HALF_ESCAPE, levelsOf, MOST_LEVELS, readEscapes, someLevel } from "../../text/text-escapes.ts";

/** The ways in which a confidential value is written in a text, and where a text holds one. Pure. */

/** What may not stand beside a form: a letter or digit, or the rest of a name as of `eu-west-1a` and `10.2.10.0`. */
export type Apart = "word" | "name";

export interface Form {
  text: string;
  /** found in whatever case its letters are; `text` is in lower case then */
  anyCase: boolean;
  /** index of the value that it is a form of */
  value: number;
  apart: Apart | null;
  /** digits of base64 at its ends that are not of `text` because they depend on their neighbours, too */
  shared?: { before: number; after: number };
}

/** Where a text holds a form: from its first character to behind its last one. */
export interface Found {
  from: number;
  to: number;
  value: number;
}

/** a shorter word of letters alone, as `postgres`, may be an ordinary one when it is capitalised */
const LONG_WORD = 12;

/** characters of a line that is hidden by itself; a shorter one may be a brace or a word */
const LONG_LINE = 12;

/** Lines of a value that has several, as a private key, whether its line breaks are real or written `\n`. */
function linesOf(value: string): string[] {
  const lines = value.split(/[\r\n]|\\[rn]/).map((line) => line.trim());
  return lines.length < 2 ? [] : lines.filter((line) => line.length >= LONG_LINE && !/^-----.*-----$/.test(line));
}

/**
 * As plain text, its lines each, in base64 and in hex, without blanks at its ends. Percent encoding, JSON's and HTML's escapes are not forms: `findForms` reads
 * them away, whichever of the characters are written so.
 */
export function formsOf(whole: string, index: number, apart: Apart | null): Form[] {
  const value = whole.trim();
  const anyCase = value.length >= LONG_WORD || /[^a-z]/i.test(value);
  const hex = Array.from(new TextEncoder().encode(value), (byte) => byte.toString(16).padStart(2, "0"));
  const inBase64 = base64Forms(value);
  const inUrls = inBase64.map((one) => ({ ...one, text: one.text.replaceAll("+", "-").replaceAll("/", "_") }));
  const exact = new Map([...inBase64, ...inUrls].map((one) => [one.text, one]));
  const folded = new Set([hex.join(""), hex.join(" "), hex.join(":")]);
  const plain = new Set([value, value.replaceAll(" ", "+"), ...linesOf(value), ...withoutPadding(value)]);
  const form = (text: string, anyCase: boolean, apartFrom: Apart | null = null): Form => ({
    ...{ text: anyCase ? lower(text) : text, anyCase, value: index, apart: apartFrom },
  });
  return [
    ...[...exact.values()].map(({ text, shared }) => ({ ...form(text, false), shared })),
    ...[...folded].map((text) => form(text, true)),
    ...[...plain].map((text) => form(text, anyCase, apart)),
  ];
}

/** of ASCII only, so that the length stays */
const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/**
 * What base64 makes of a value wherever it stands in the encoded text: three texts, by how many bytes stand before it
 * in its group of three. The digits at both ends that also depend on its neighbours are no part of them: `spanOf` adds them.
 */
function base64Forms(value: string): Required<Pick<Form, "text" | "shared">>[] {
  const bytes = Array.from(new TextEncoder().encode(value), (byte) => String.fromCharCode(byte));
  return [0, 1, 2].map((before) => {
    const digits = btoa("\0".repeat(before) + bytes.join(""));
    const bytesInAll = before + bytes.length;
    return {
      text: digits.slice(Math.ceil((before * 8) / 6), Math.floor((bytesInAll * 8) / 6)),
      shared: { before: before === 0 ? 0 : 1, after: bytesInAll % 3 === 0 ? 0 : 1 },
    };
  });
}

const PADDED = /^[\w+/-]{12,}={1,2}$/;
/** Many write base64 without the `=` at its end. */
const withoutPadding = (value: string): string[] => (PADDED.test(value) ? [value.replace(/=+$/, "")] : []);

const BASE64_DIGIT = /[A-Za-z0-9+/_-]/;
const BASE64_ALONE = /^[\w+/-]{12,}$/;

/** From where to where a form reaches that stands at `from`: with the rest of its base64, so that no digit of it is left. */
function spanOf({ text: form, shared }: Form, text: string, from: number): { from: number; to: number } {
  const isDigit = (at: number) => BASE64_DIGIT.test(text.charAt(at));
  const [before, after] = [shared?.before ?? 0, shared?.after ?? 0];
  const first = before > 0 && isDigit(from - 1) ? from - 1 : from;
  const end = from + form.length;
  const last = after > 0 && isDigit(end) ? end + 1 : end;
  if (shared ? after === 0 : !BASE64_ALONE.test(form)) return { from: first, to: last };
  const padding = /^={0,2}/.exec(text.slice(last, last + 2))?.[0].length ?? 0;
  // a value by itself may stand before any `=`; in its padding, the number of digits is a multiple of four
  return { from: first, to: shared || (form.length + padding) % 4 === 0 ? last + padding : last };
}

const BLOCK = 3;
const SLOTS = 8_192;

const fold = (code: number): number => (code >= 65 && code <= 90 ? code | 32 : code);
/** of the three characters that end at `end`; letters count alike in both cases */
const slotOf = (text: string, end: number): number =>
  ((text.charCodeAt(end - 2) | 32) * 1_021 + (text.charCodeAt(end - 1) | 32) * 67 + (text.charCodeAt(end) | 32)) &
  (SLOTS - 1);

export interface Finder {
  forms: readonly Form[];
  /** characters of the shortest form */
  least: number;
  /** Calls `found` for each form that stands in the text itself; stops when it returns true. */
  scan(text: string, found: (form: Form, from: number) => boolean): boolean;
}

/**
 * Looks for all forms at once and skips most characters of a text that holds none.
 * Wu and Manber, A fast algorithm for multi-pattern searching, 1994. Forms have at least 3 characters.
 */
export function createFinder(forms: readonly Form[]): Finder {
  const least = forms.reduce((min, { text }) => Math.min(min, text.length), 200);
  const shifts = new Uint8Array(SLOTS).fill(least - BLOCK + 1);
  const ending = new Map<number, Form[]>();
  for (const form of forms) {
    for (let end = BLOCK - 1; end < least; end++) {
      const slot = slotOf(form.text, end);
      shifts[slot] = Math.min(shifts[slot] ?? 0, least - 1 - end);
    }
    const slot = slotOf(form.text, least - 1);
    ending.set(slot, [...(ending.get(slot) ?? []), form]);
  }
  return {
    forms,
    least,
    scan(text, found) {
      for (let end = least - 1; end < text.length; ) {
        const slot = slotOf(text, end);
        const shift = shifts[slot] ?? 1;
        if (shift === 0) {
          const from = end - least + 1;
          for (const form of ending.get(slot) ?? [])
            if (standsAt(text, form, from, form.text.length) && standsApart(text, form, from) && found(form, from))
              return true;
        }
        end += shift || 1;
      }
      return false;
    },
  };
}

const BESIDE = {
  word: { before: /[A-Za-z0-9]$/, after: /^[A-Za-z0-9]/ },
  name: { before: /\w[.:-]?$/, after: /^[.:-]?\w/ },
};

/** its `m` is no letter of the text */
const ESCAPE = "\u001b";
const ENDS_IN_COLOUR = new RegExp(String.raw`${ESCAPE}\[[0-9;:]{0,16}m$`);

function standsApart(text: string, { apart, text: { length } }: Form, from: number): boolean {
  if (apart === null) return true;
  const { before, after } = BESIDE[apart];
  const to = from + length;
  if (after.test(text.slice(to, to + 2))) return false;
  return (
    !before.test(text.slice(Math.max(0, from - 2), from)) ||
    ENDS_IN_COLOUR.test(text.slice(Math.max(0, from - 20), from))
  );
}

/** Whether the first `length` characters of a form stand at a place of a text. */
function standsAt(text: string, form: Form, from: number, length: number): boolean {
  if (from + length > text.length) return false;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(from + i);
    if ((form.anyCase ? fold(code) : code) !== form.text.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether a text holds a form whose value is asked for. Most texts hold none: what can be told at once is told first. */
export function holdsForm(finder: Finder, text: string, asked: (value: number) => boolean): boolean {
  // no escape is shorter than what it stands for
  if (text.length < finder.least) return false;
  const found = ({ value }: Form) => asked(value);
  return someLevel(text, (level) => finder.scan(level, found));
}

/** Every form in a text whose value is asked for, in order of place; those that overlap are one, under the longest. */
export function findForms(finder: Finder, text: string, asked: (value: number) => boolean): Found[] {
  const all: Found[] = [];
  for (const { text: plain, at } of levelsOf(text))
    finder.scan(plain, (form, begin) => {
      if (!asked(form.value)) return false;
      const { from, to } = spanOf(form, plain, begin);
      all.push({ from: at?.[from] ?? from, to: at?.[to] ?? to, value: form.value });
      return false;
    });
  all.sort((a, b) => a.from - b.from || b.to - a.to);
  const joined: Found[] = [];
  for (const found of all) {
    const last = joined.at(-1);
    if (!last || found.from >= last.to) joined.push({ ...found });
    else {
      if (found.to - found.from > last.to - last.from) last.value = found.value;
      last.to = Math.max(last.to, found.to);
    }
  }
  return joined;
}

interface Beginning {
  /** where the end of the text begins that may be the beginning of a form; the text's length when there is none */
  from: number;
  /** how many characters of a form it tells */
  told: number;
}

/** The beginning of a form at the end of a text, or of an escape of which the rest is yet to come. */
export function beginningAt(finder: Finder, text: string): Beginning {
  let told = 0;
  const look = (level: string, at: readonly number[] | null, depth: number): number => {
    const whole = HALF_ESCAPE.exec(level)?.index ?? level.length;
    let first = text.length;
    for (const plain of whole < level.length ? [level, level.slice(0, whole)] : [level]) {
      const length = longestBeginning(finder, plain);
      told = Math.max(told, length);
      const from = plain.length - length;
      if (from < level.length) first = Math.min(first, at?.[from] ?? from);
      const inner = depth < MOST_LEVELS ? readEscapes(plain) : null;
      if (inner) first = Math.min(first, look(inner.text, at ? inner.at.map((i) => at[i] ?? 0) : inner.at, depth + 1));
    }
    return first;
  };
  return { from: look(text, null, 0), told };
}

/** How many characters at the end of a text are the beginning of a form, and not the whole. */
function longestBeginning({ forms }: Finder, text: string): number {
  let longest = 0;
  for (const form of forms)
    for (let length = Math.min(form.text.length - 1, text.length); length > longest; length--)
      if (standsAt(text, form, text.length - length, length)) longest = length;
  return longest;
}
