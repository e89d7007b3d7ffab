/** Tokens of Operate in texts: of people and agents (`opk_`) and of instances (`opi_`), known by how they are written. */

const TOKEN = /(?<![A-Za-z0-9])(op[ki]_)[\w-]{12,}(?:\.[\w-]{8,})?/g;
/** a user and a password as a header carries them, which may hold a token */
const BASIC = /\b(basic\s+)([A-Za-z0-9+/]{16,}={0,2})/gi;
const REDACTED = "[redacted]";

const mayHold = (text: string): boolean => text.includes("opk_") || text.includes("opi_") || /basic\s/i.test(text);

/** The text without tokens; their prefix stays, so that one sees what stood there. */
export function withoutTokens(text: string): string {
  if (!mayHold(text)) return text;
  return text
    .replace(TOKEN, `$1${REDACTED}`)
    .replace(BASIC, (whole, scheme: string, pair: string) =>
      /op[ki]_/.test(Buffer.from(pair, "base64").toString("latin1")) ? `${scheme}${REDACTED}` : whole,
    );
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
