/**
 * Values that may stand in no message, log line, audit entry or result: what placeholders of the configuration were
 * resolved to, and the secrets of this process. One list a process; whatever leaves is written through it.
 */

/** Where text goes: `data` are results, in which an ordinary short value (a region, a mode) is left as it is. */
type Destination = "message" | "data";

interface Confidential {
  value: string;
  /** what stands in its place, as `${env:NAME}` */
  shown: string;
  /** a password, a key, a header: hidden in results, however short */
  secret: boolean;
}

/** shorter ones are words of their own: hiding `true` would garble every text */
const SHORTEST = 6;
/** what is this long is not a word that results are made of */
const LONG = 12;

// on globalThis because each of Next's bundles has its own copy of this module
const holder = globalThis as {
  __operateConfidential?: Map<string, Confidential>;
  /** by the value as it is */
  __operatePlain?: Map<string, string>;
};

/** As plain text, inside JSON, inside a URL, and in base64. */
const formsOf = (value: string): string[] => {
  const inBase64 = base64Forms(value);
  return [
    ...[value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), encodeURI(value)],
    ...inBase64,
    ...inBase64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_")),
  ];
};

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

/** Adds values to the list of this process; values of fewer than 6 characters are left out. */
export function keepConfidential(entries: Iterable<Confidential>): void {
  const known = new Map(holder.__operateConfidential);
  const plain = new Map(holder.__operatePlain);
  for (const { value, shown, secret } of entries) {
    if (value.length < SHORTEST) continue;
    plain.set(value, shown);
    for (const form of formsOf(value))
      known.set(form, { value: form, shown, secret: secret || known.get(form)?.secret === true });
  }
  // the longest first: one value may hold another
  holder.__operateConfidential = longestFirst(known);
  holder.__operatePlain = longestFirst(plain);
}

const longestFirst = <V>(by: Map<string, V>): Map<string, V> =>
  new Map([...by].sort(([a], [b]) => b.length - a.length));

/** The values themselves, the longest first, each with what stands in its place. */
export const plainConfidential = (): Pick<Confidential, "value" | "shown">[] =>
  [...(holder.__operatePlain ?? [])].map(([value, shown]) => ({ value, shown }));

const OWN_SECRETS = ["OPERATE_SECRET_KEY", "OPERATE_INGEST_SECRET", "OPERATE_SETUP_TOKEN"];

/** Whether a variable holds a secret of Operate itself, which no configuration may use. */
export const isOwnSecret = (variable: string): boolean => OWN_SECRETS.includes(variable);

/** Adds what the environment itself holds in secret: Operate's own secrets, OPERATE_SECRET_*, the database's password. */
export function keepEnvironmentConfidential(env: NodeJS.ProcessEnv): void {
  const found: Confidential[] = [];
  for (const [name, value] of Object.entries(env))
    if (value && (isOwnSecret(name) || name.startsWith("OPERATE_SECRET_")))
      found.push({ value, shown: `\${env:${name}}`, secret: true });
  const password = URL.parse(env.DATABASE_URL ?? "")?.password;
  if (password) {
    const shown = "[password of DATABASE_URL]";
    found.push({ value: password, shown, secret: true });
    found.push({ value: decoded(password), shown, secret: true });
  }
  keepConfidential(found);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray per cent sign: it is itself
  }
}

/** A text with every confidential value replaced by the name of where it comes from. */
export function withoutConfidential(text: string, destination: Destination = "message"): string {
  let clean = text;
  for (const { value, shown, secret } of holder.__operateConfidential?.values() ?? [])
    if ((destination === "message" || secret || value.length >= LONG) && clean.includes(value))
      clean = clean.replaceAll(value, () => shown);
  return clean;
}

/**
 * Replaces confidential values in a text that arrives in pieces. What may be the beginning of a value is held back until
 * the next piece tells, so that no value passes in two halves.
 */
export function confidentialStream() {
  let held = "";
  return {
    /** Returns what may be written now. */
    push(piece: string): string {
      const text = withoutConfidential(held + piece);
      held = text.slice(text.length - heldBack(text));
      return text.slice(0, text.length - held.length);
    },
    /** Returns what is left when no more comes; a beginning long enough to tell something is not shown. */
    end(): string {
      const last = held.length < SHORTEST ? held : "[the beginning of a confidential value]";
      held = "";
      return last;
    },
  };
}

/** How many characters at the end of a text may be the beginning of a confidential value. */
function heldBack(text: string): number {
  let longest = 0;
  for (const value of holder.__operateConfidential?.keys() ?? [])
    for (let length = Math.min(value.length - 1, text.length); length > longest; length--)
      if (text.endsWith(value.slice(0, length))) longest = length;
  return longest;
}

/** The same for every string in a value of plain data; what holds none is returned as it is. */
export function dataWithoutConfidential<T>(value: T, destination: Destination = "data"): T {
  if (!holder.__operateConfidential?.size) return value;
  return clean(value, destination) as T;
}

function clean(value: unknown, destination: Destination): unknown {
  if (typeof value === "string") return withoutConfidential(value, destination);
  if (Array.isArray(value)) {
    const items = value.map((item) => clean(item, destination));
    return items.some((item, i) => item !== value[i]) ? items : value;
  }
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value);
  const cleaned = entries.map(
    ([key, item]) => [withoutConfidential(key, destination), clean(item, destination)] as const,
  );
  return cleaned.some(([key, item], i) => key !== entries[i]?.[0] || item !== entries[i]?.[1])
    ? Object.fromEntries(cleaned)
    : value;
}
