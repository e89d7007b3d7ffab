/** The ways in which a confidential value is written in a text, and where a text holds one. Pure. */

export interface Form {
  text: string;
  /** found in whatever case its letters are; `text` is in lower case then */
  anyCase: boolean;
  /** index of the value that it is a form of */
  value: number;
}

/** Where a text holds a form: from its first character to behind its last one. */
export interface Found {
  from: number;
  to: number;
  value: number;
}

/** a shorter word of letters alone, as `postgres`, may be an ordinary one when it is capitalised */
const LONG_WORD = 12;

/**
 * As plain text, in base64 and in hex. Percent encoding, JSON's and HTML's escapes are not forms: `findForms` reads
 * them away, whichever of the characters are written so.
 */
export function formsOf(value: string, index: number): Form[] {
  const anyCase = value.length >= LONG_WORD || /[^a-z]/i.test(value);
  const hex = Array.from(new TextEncoder().encode(value), (byte) => byte.toString(16).padStart(2, "0"));
  const inBase64 = base64Forms(value);
  const exact = new Set([...inBase64, ...inBase64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))]);
  const folded = new Set([hex.join(""), hex.join(" "), hex.join(":")]);
  for (const form of [value, value.replaceAll(" ", "+")]) (anyCase ? folded : exact).add(form);
  return [
    ...[...exact].map((text) => ({ text, anyCase: false, value: index })),
    ...[...folded].map((text) => ({ text: lower(text), anyCase: true, value: index })),
  ];
}

/** of ASCII only, so that the length stays */
const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/**
 * What base64 makes of a value wherever it stands in the encoded text: three texts, by how many bytes stand before it
 * in its group of three. The digits at both ends that also depend on its neighbours are left out.
 */
function base64Forms(value: string): string[] {
  const bytes = Array.from(new TextEncoder().encode(value), (byte) => String.fromCharCode(byte));
  return [0, 1, 2].map((before) => {
    const digits = btoa("\0".repeat(before) + bytes.join(""));
    const last = Math.floor(((before + bytes.length) * 8) / 6);
    return digits.slice(Math.ceil((before * 8) / 6), last);
  });
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
            if (standsAt(text, form, from, form.text.length) && found(form, from)) return true;
        }
        end += shift || 1;
      }
      return false;
    },
  };
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

/** A text with escapes read away; where each of its characters stands in the text it was made of, and the end. */
interface Unescaped {
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
const WRITTEN_OUT = String.raw`\\u\{[0-9a-f]{1,6}\}|\\u[0-9a-f]{4}|\\["'\\/]|&#\d{1,7};|&#x[0-9a-f]{1,6};|&(?:amp|lt|gt|quot|apos);`;
const ESCAPES = new RegExp(`${BYTES.join("|")}|${WRITTEN_OUT}`, "gi");
const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
/** an escaped text may be escaped again */
const MOST_LEVELS = 3;

/** The character that an escape stands for. */
function unescaped(written: string): string {
  if (/^(?:%|\\x)/i.test(written)) return ofBytes(written.replace(/\\x/gi, "%"));
  const [, kind = "", digits = ""] = /^(\\u|&#x|&#)\{?([0-9a-f]+)/i.exec(written) ?? [];
  if (kind !== "") {
    const code = Number.parseInt(digits, kind === "&#" ? 10 : 16);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : written;
  }
  return written[0] === "&" ? (NAMED[written.slice(1, -1).toLowerCase()] ?? written) : written.slice(1);
}

function ofBytes(written: string): string {
  try {
    return decodeURIComponent(written);
  } catch {
    return String.fromCharCode(Number.parseInt(written.slice(1, 3), 16));
  }
}

const mayBeEscaped = (text: string): boolean => text.includes("%") || text.includes("\\") || text.includes("&");

/** null when nothing is escaped */
function readEscapes(text: string): Unescaped | null {
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
function* levelsOf(text: string): Generator<Unescaped | { text: string; at: null }> {
  yield { text, at: null };
  let level: Unescaped | null = readEscapes(text);
  for (let depth = 0; level && depth < MOST_LEVELS; depth++) {
    yield level;
    const before: number[] = level.at;
    const next: Unescaped | null = readEscapes(level.text);
    level = next && { text: next.text, at: next.at.map((i) => before[i] ?? 0) };
  }
}

/** Whether a text holds a form whose value is asked for. Most texts hold none: what can be told at once is told first. */
export function holdsForm(finder: Finder, text: string, asked: (value: number) => boolean): boolean {
  // no escape is shorter than what it stands for
  if (text.length < finder.least) return false;
  const found = ({ value }: Form) => asked(value);
  if (finder.scan(text, found)) return true;
  let level = text;
  for (let depth = 0; depth < MOST_LEVELS && mayBeEscaped(level); depth++) {
    const next = level.replace(ESCAPES, unescaped);
    if (next === level) return false;
    if (finder.scan(next, found)) return true;
    level = next;
  }
  return false;
}

/** Every form in a text whose value is asked for, in order of place; those that overlap are one, under the longest. */
export function findForms(finder: Finder, text: string, asked: (value: number) => boolean): Found[] {
  const all: Found[] = [];
  for (const { text: plain, at } of levelsOf(text))
    finder.scan(plain, ({ text: form, value }, from) => {
      const to = from + form.length;
      if (asked(value)) all.push({ from: at?.[from] ?? from, to: at?.[to] ?? to, value });
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

/** an escape of which the rest is yet to come */
const HALF_ESCAPE = new RegExp(
  String.raw`(?:${BYTE}[c-f][0-9a-f](?:${LATER})*)?(?:%[0-9a-f]?|\\(?:u\{?[0-9a-f]{0,6}|x[0-9a-f]?)?|&#?x?[0-9a-z]{0,7})?$`,
  "i",
);

/** Where the end of a text begins that may be the beginning of a form; its length when there is none. */
export function beginningAt(finder: Finder, text: string): number {
  const look = (level: string, at: readonly number[] | null, depth: number): number => {
    const whole = HALF_ESCAPE.exec(level)?.index ?? level.length;
    let first = text.length;
    for (const plain of whole < level.length ? [level, level.slice(0, whole)] : [level]) {
      const from = plain.length - longestBeginning(finder, plain);
      if (from < level.length) first = Math.min(first, at?.[from] ?? from);
      const inner = depth < MOST_LEVELS ? readEscapes(plain) : null;
      if (inner) first = Math.min(first, look(inner.text, at ? inner.at.map((i) => at[i] ?? 0) : inner.at, depth + 1));
    }
    return first;
  };
  return look(text, null, 0);
}

/** How many characters at the end of a text are the beginning of a form, and not the whole. */
function longestBeginning({ forms }: Finder, text: string): number {
  let longest = 0;
  for (const form of forms)
    for (let length = Math.min(form.text.length - 1, text.length); length > longest; length--)
      if (standsAt(text, form, text.length - length, length)) longest = length;
  return longest;
}
