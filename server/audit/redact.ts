import { z } from "zod";
import { LONGEST_SECRET, withoutConfidential } from "../agent/kernel/confidential/confidential.ts";

const REDACTED = "[redacted]";
const MAX_DEPTH = 12;
const MAX_STRING = 4_000;
const MAX_ITEMS = 200;

const SECRET_WORDS = new Set(
  "password passwd passphrase pwd secret secrets token tokens authorization cookie cookies credential credentials bearer jwt apikey".split(
    " ",
  ),
);
const KEY_OWNERS = new Set(["api", "access", "private", "secret", "signing", "encryption", "master"]);
/** `tokenId`, `passwordChangedAt`: about a secret, not the secret */
const HARMLESS_ENDINGS = new Set(["id", "ids", "name", "prefix", "count", "at", "days", "role", "type"]);

const wordsOf = (key: string): string[] =>
  key
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);

/** Whether a key's name says that its value is a secret: `apiKey`, `DB_PASSWORD`, `set-cookie`. */
export function isSecretKey(key: string): boolean {
  const words = wordsOf(key);
  const last = words.at(-1);
  if (last === undefined || HARMLESS_ENDINGS.has(last)) return false;
  if (words.some((word) => SECRET_WORDS.has(word))) return true;
  return words.includes("key") && (words.length === 1 || words.some((word) => KEY_OWNERS.has(word)));
}

const NO_ADDRESS = "[no e-mail address]";
const isEmailKey = (key: string): boolean => wordsOf(key).some((word) => /^e?mails?$/.test(word));
const isAddress = (text: string): boolean => z.email().safeParse(text.trim()).success;

/** What was given as an e-mail address and is none may be a password that went into the wrong field: it is kept nowhere. */
function onlyAddresses(value: unknown): unknown {
  if (typeof value === "string") return isAddress(value) ? value : NO_ADDRESS;
  if (Array.isArray(value)) return value.map(onlyAddresses);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.values(value).map((item, i) => [`${i}`, onlyAddresses(item)]));
  return typeof value === "boolean" || value === null || value === undefined ? value : NO_ADDRESS;
}

/** words that stand behind `Basic` and `Bearer` in sentences: of letters alone, with an ending that credentials hardly have */
const PROSE = String.raw`(?!(?:[a-z]{3,12}(?:[tsc]ions?|ments?|ness|ities|ity|ances?|ences?|ings?|icates?|entials?|ality)|[A-Z][a-z]{3,12}(?:[tsc]ions?|icates?|entials?))(?!\.?[\w~+/=-]))`;
const CREDENTIALS = new RegExp(
  String.raw`([Bb][Ee][Aa][Rr][Ee][Rr]|[Bb][Aa][Ss][Ii][Cc])(\s|%20|\+){1,20}${PROSE}[\w.~+/=-]{8,}`,
  "g",
);

/** Text PostgreSQL can store, without what is confidential here and what looks like a credential: tokens, `Bearer …`, `user:password@`, `?token=…`. */
export function scrubText(text: string): string {
  return withoutConfidential(text)
    .replaceAll("\u0000", "\ufffd")
    .toWellFormed()
    .replace(CREDENTIALS, `$1$2${REDACTED}`)
    .replace(/(:\/\/[^\s/:@]*):[^\s/@]+@/g, `$1:${REDACTED}@`)
    .replace(/([?&#][\w-]{0,80}(?:token|password|secret|api_?key)=)[^&\s]+/gi, `$1${REDACTED}`);
}

type Scrub = (text: string) => string;

/** The start of a text, scrubbed, of at most `length` characters: the time does not grow with what is behind it. */
function scrubbedPart(text: string, length: number, scrub: Scrub = scrubText): { start: string; isCut: boolean } {
  const searched = text.slice(0, length + LONGEST_SECRET);
  const clean = scrub(searched);
  const isWhole = searched.length === text.length;
  if (isWhole && clean.length <= length) return { start: clean, isCut: false };
  const end = isWhole ? length : Math.min(length, clean.length - LONGEST_SECRET);
  return { start: clean.slice(0, Math.max(0, end)).toWellFormed(), isCut: true };
}

/** At most `length` characters of a text, scrubbed. */
export const scrubbedStart = (text: string, length: number, scrub?: Scrub): string =>
  scrubbedPart(text, length, scrub).start;

/** The same for the end of a text of which more before it may be cut off already, all but LONGEST_SECRET characters. */
export function scrubbedEnd(text: string, length: number, scrub: Scrub = scrubText): string {
  const searched = text.slice(-(length + LONGEST_SECRET));
  const clean = scrub(searched);
  const isCut = searched.length === length + LONGEST_SECRET;
  return clean.slice(Math.max(isCut ? LONGEST_SECRET : 0, clean.length - length)).toWellFormed();
}

const cutText = (text: string): string => {
  const { start, isCut } = scrubbedPart(text, MAX_STRING);
  return isCut ? `${start}… (${text.length} characters)` : start;
};

function plain(value: unknown, depth: number, seen: readonly object[]): unknown {
  if (typeof value === "string") return cutText(value);
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (typeof value !== "object") return undefined;
  if (depth >= MAX_DEPTH || seen.includes(value)) return "…";
  const path = [...seen, value];
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ITEMS).map((item) => plain(item, depth + 1, path) ?? null);
    return value.length > MAX_ITEMS ? [...items, `… (${value.length - MAX_ITEMS} more)`] : items;
  }
  const shown: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    const hidden = isSecretKey(key) && item !== null && item !== undefined && typeof item !== "boolean";
    const kept = hidden ? REDACTED : plain(item, depth + 1, path);
    shown.push([cutText(key), isEmailKey(key) ? onlyAddresses(kept) : kept]);
  }
  return Object.fromEntries(shown.filter(([, item]) => item !== undefined));
}

const sizeOf = (json: string): number => Buffer.byteLength(json, "utf8");

/**
 * A copy of any value as JSON that may be stored and shown: secrets redacted at every depth, at most `maxBytes` of
 * UTF-8. What is larger becomes `{ cut: true, bytes, start }`, with the start of its JSON text.
 */
export function storable(value: unknown, maxBytes = 16_384): unknown {
  const clean = plain(value, 0, []);
  const json = JSON.stringify(clean) ?? "null";
  const bytes = sizeOf(json);
  if (bytes <= maxBytes) return clean;
  for (let length = Math.floor(maxBytes / 2); ; length = Math.floor(length / 2)) {
    const cut = { cut: true, bytes, start: json.slice(0, length).toWellFormed() };
    if (sizeOf(JSON.stringify(cut)) <= maxBytes) return cut;
  }
}
