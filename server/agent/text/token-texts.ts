import { levelsOf, someLevel } from "./text-escapes.ts";

/**
 * Tokens of Operate in texts, known by how they are made: `opk_` and 32 random bytes in base64url for people and agents,
 * `opi_` with what an instance is and a signature for instances. A metric may begin with the same letters.
 */

const REDACTED = "[redacted]";
/** an instance's token says a JSON list of texts, which begins with `["` */
const TOKEN = /opi_WyJ[\w-]{5,}(?:\.[\w-]+)?|op[ki]_[\w-]{16,}/g;
/** longer ones with a capital letter are hardly the name of a metric */
const LONG_NAME = 30;

/** Whether what stands behind the prefix is made of random bytes, also when its end is cut off, and not of words. */
function isRandom(body: string): boolean {
  if (!/[A-Z]/.test(body)) return false;
  if (body.startsWith("WyJ") || body.length >= LONG_NAME || body.includes("-")) return true;
  const inWords = body.match(/[a-z]{3,}/g)?.join("").length ?? 0;
  return inWords * 2 < body.replace(/[^A-Za-z]/g, "").length;
}

/** Where a token stands in a text; `shown` stands in its place. */
interface FoundToken {
  from: number;
  to: number;
  shown: string;
}

/** `opk_` and `opi_` in base64, by how many digits stand for the bytes before them in their group of three. */
const BASE64_PREFIXES = [
  [0, /b3B[rp]X/g],
  [2, /9wa[1V]/g],
  [3, /vcG[tl]f/g],
] as const;
/** digits that tell whether a token begins in them */
const ENOUGH_DIGITS = 96;
const BASE64 = /[A-Za-z0-9+/_-]{24,}={0,2}/g;
const HEX = /6f706[b9]5f(?:[0-9a-f]{2}){16,}[0-9a-f]?/gi;
const MAY_HOLD = /op[ki]_|b3B[rp]X|9wa[1V]|vcG[tl]f|6f706[b9]5f/i;

const hasToken = (plain: string): boolean => [...plain.matchAll(TOKEN)].some(([token]) => isRandom(token.slice(4)));

const hidesToken = (base64: string): boolean =>
  BASE64_PREFIXES.some(([before, prefix]) =>
    [...base64.matchAll(prefix)].some(({ index }) => {
      // a group of four digits begins `before` digits earlier
      const digits = base64.slice(Math.max(0, index - before), index + ENOUGH_DIGITS);
      return hasToken(Buffer.from(digits, "base64").toString("latin1"));
    }),
  );

/** The prefix of a token stays where it can be read, so that one sees what stood there. */
function* tokensIn(plain: string): Generator<FoundToken> {
  for (const { 0: token, index } of plain.matchAll(TOKEN))
    if (isRandom(token.slice(4))) yield { from: index, to: index + token.length, shown: token.slice(0, 4) + REDACTED };
  for (const { 0: digits, index } of plain.matchAll(BASE64))
    if (hidesToken(digits)) yield { from: index, to: index + digits.length, shown: REDACTED };
  for (const { 0: digits, index } of plain.matchAll(HEX))
    if (hasToken(Buffer.from(digits, "hex").toString("latin1")))
      yield { from: index, to: index + digits.length, shown: REDACTED };
}

const mayHold = (text: string): boolean => text.length > 12 && someLevel(text, (level) => MAY_HOLD.test(level));

/** Every token in a text, in order of place, however it is escaped; those that overlap are one. */
export function findTokens(text: string): FoundToken[] {
  if (!mayHold(text)) return [];
  const all: FoundToken[] = [];
  for (const { text: plain, at } of levelsOf(text))
    for (const { from, to, shown } of tokensIn(plain))
      all.push({ from: at?.[from] ?? from, to: at?.[to] ?? to, shown });
  all.sort((a, b) => a.from - b.from || b.to - a.to);
  const joined: FoundToken[] = [];
  for (const found of all) {
    const last = joined.at(-1);
    if (!last || found.from >= last.to) joined.push({ ...found });
    else last.to = Math.max(last.to, found.to);
  }
  return joined;
}

/** The text without tokens. */
export function withoutTokens(text: string): string {
  let clean = "";
  let read = 0;
  for (const { from, to, shown } of findTokens(text)) {
    clean += text.slice(read, from) + shown;
    read = to;
  }
  return read === 0 ? text : clean + text.slice(read);
}

/** of a word that is still being written; a longer one is not waited for */
const LONGEST_WORD = 4_096;
const BREAK = /[\s"',<>()]/;

/** Where the last word of a text begins, which may be a token of which the rest is yet to come. */
export function lastWordAt(text: string): number {
  const least = Math.max(0, text.length - LONGEST_WORD);
  let at = text.length;
  while (at > least && !BREAK.test(text.charAt(at - 1))) at--;
  const parted = at > 0 && at === least ? findTokens(text).find(({ from, to }) => from < at && at < to) : undefined;
  return parted?.from ?? at;
}

/** The same for every string in a value of plain data, keys too; what holds none is returned as it is. */
export function dataWithoutTokens<T>(value: T): T {
  return anyHolds(value) ? (cleaned(value) as T) : value;
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

function anyHolds(value: unknown): boolean {
  if (typeof value === "string") return mayHold(value);
  if (Array.isArray(value)) return value.some(anyHolds);
  if (!isPlain(value)) return false;
  for (const key in value) if (mayHold(key) || anyHolds(value[key])) return true;
  return false;
}

function cleaned(value: unknown): unknown {
  if (typeof value === "string") return withoutTokens(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [withoutTokens(key), cleaned(item)]));
}
