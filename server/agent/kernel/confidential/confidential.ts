/**
 * Values that may stand in no message, log line, audit entry or result: what placeholders of the configuration were
 * resolved to, and the secrets of this process. One list a process; whatever leaves is written through it.
 */

import { findTokens, lastWordAt, withoutTokens } from "../../text/token-texts.ts";
import {
  type Apart,
  beginningAt,
  createFinder,
  type Finder,
  findForms,
  formsOf,
  holdsForm,
} from "./confidential-forms.ts";

/** Where text goes: `data` are results, in which an ordinary short value (a region, a mode) is left as it is. */
type Destination = "message" | "data";

/**
 * `true`: a password, a key, hidden wherever it stands, also within a word. `"in doubt"`: hidden where it stands by
 * itself. `false`: a region, a version; results show it, and messages name where it comes from.
 */
export type Secrecy = boolean | "in doubt";

export interface Confidential {
  value: string;
  /** what stands in its place, as `${env:NAME}` */
  shown: string;
  secret: Secrecy;
  /** not the value that `shown` stands for but a part of it, another way to write it, or what it stood for once */
  isPart?: boolean;
}

/** shorter ones are words of their own: hiding `true` would garble every text */
const SHORTEST = 6;

interface Kept {
  /** the longest first: one value may hold another */
  values: readonly Confidential[];
  finder: Finder;
}

// on globalThis because each of Next's bundles has its own copy of this module
const holder = globalThis as { __operateConfidential?: Kept };

const strictest = (a: Secrecy, b: Secrecy): Secrecy => (a === true || b === true ? true : a || b);

/** where a value counts as standing by itself: within `10.2.10.0` no version stands, nor a region in `eu-west-1a` */
const apartOf = (secret: Secrecy): Apart | null => (secret === true ? null : secret === false ? "name" : "word");

/** Adds values to the list of this process; values of fewer than 6 characters are left out. */
export function keepConfidential(entries: Iterable<Confidential>): void {
  const kept = keptOf([...(holder.__operateConfidential?.values ?? []), ...entries]);
  if (kept) holder.__operateConfidential = kept;
}

/** null: none of the values is long enough */
function keptOf(entries: Iterable<Confidential>): Kept | null {
  const known = new Map<string, Confidential>();
  for (const entry of entries) {
    if (entry.value.trim().length < SHORTEST) continue;
    const before = known.get(entry.value);
    // what is a whole value somewhere can be read back from there
    const told = before && entry.isPart && !before.isPart ? before : entry;
    known.set(entry.value, { ...told, secret: strictest(entry.secret, before?.secret ?? false) });
  }
  if (known.size === 0) return null;
  const values = [...known.values()].sort((a, b) => b.value.length - a.value.length);
  const forms = values.flatMap(({ value, secret }, index) => formsOf(value, index, apartOf(secret)));
  return { values, finder: createFinder(forms) };
}

/** A text as results may show it, without some values that this process does not keep. */
export function withoutValuesOf(text: string, entries: Iterable<Confidential>): string {
  const kept = keptOf(entries);
  return kept ? withoutValues(kept, text, "data", NOTHING) : text;
}

/** The whole values themselves, the longest first, each with what stands in its place, and no parts of them. */
export const plainConfidential = (): Pick<Confidential, "value" | "shown">[] =>
  (holder.__operateConfidential?.values ?? [])
    .filter(({ isPart }) => !isPart)
    .map(({ value, shown }) => ({ value, shown }));

/** Every text that results may not show, in the ways it is written most: what a store is asked not to search in. */
export const confidentialTexts = (): string[] => {
  const kept = holder.__operateConfidential;
  if (!kept) return [];
  return kept.finder.forms.flatMap(({ text, value }) => (isHiddenAt(kept, value, "data") ? [text] : []));
};

const OWN_SECRETS = ["OPERATE_SECRET_KEY", "OPERATE_INGEST_SECRET", "OPERATE_SETUP_TOKEN", "OPERATE_VALUES_KEY"];

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

/** Percent encoding read away; a text with a stray per cent sign is itself. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const isHidden = ({ secret }: Confidential, destination: Destination): boolean =>
  destination === "message" || secret !== false;

/** Values that the reader of a text brought along. */
export type Brought = ReadonlySet<string>;
const NOTHING: Brought = new Set();

/**
 * The confidential values in what somebody sent. Where they are echoed to the same sender they are left as they are: to
 * hide them there would tell that a guess is right, and to show them tells nothing.
 */
export function confidentialIn(sent: unknown): Brought {
  const kept = holder.__operateConfidential;
  const text = kept && JSON.stringify(sent);
  if (!kept || !text) return NOTHING;
  const found = findForms(kept.finder, text, () => true).flatMap(({ value }) => kept.values[value]?.value ?? []);
  return new Set(found);
}

/**
 * A text with every confidential value replaced by the name of where it comes from. No message holds a token either; of
 * data only the answer that makes one does.
 */
export function withoutConfidential(
  text: string,
  destination: Destination = "message",
  brought: Brought = NOTHING,
): string {
  const kept = holder.__operateConfidential;
  const clean = kept ? withoutValues(kept, text, destination, brought) : text;
  return destination === "message" ? withoutTokens(clean) : clean;
}

function withoutValues(kept: Kept, text: string, destination: Destination, brought: Brought): string {
  if (!holds(kept, text, destination)) return text;
  const asked = (value: number) =>
    isHiddenAt(kept, value, destination) && !brought.has(kept.values[value]?.value ?? "");
  let clean = "";
  let read = 0;
  for (const { from, to, value } of findForms(kept.finder, text, asked)) {
    clean += text.slice(read, from) + (kept.values[value]?.shown ?? "");
    read = to;
  }
  return clean + text.slice(read);
}

function isHiddenAt({ values }: Kept, value: number, destination: Destination): boolean {
  const entry = values[value];
  return entry !== undefined && isHidden(entry, destination);
}

const holds = (kept: Kept, text: string, destination: Destination): boolean =>
  holdsForm(kept.finder, text, (value) => isHiddenAt(kept, value, destination));

/** no secret is longer; whoever reads a part of a text reads this many characters more before it is cut */
export const LONGEST_SECRET = 4_096;

/**
 * Where a text is cut so that at most `longest` characters stand before it and no confidential value or token is cut in
 * two, as half of one would no longer be known. Those that stand before it whole are left to whoever writes the text.
 */
export function placeToCut(text: string, longest: number): number {
  if (text.length <= longest) return text.length;
  const start = Math.max(0, longest - LONGEST_SECRET);
  const around = text.slice(start, longest + LONGEST_SECRET);
  const kept = holder.__operateConfidential;
  const values = kept ? findForms(kept.finder, around, () => true) : [];
  const cut = Math.max(0, longest) - start;
  const parted = [...values, ...findTokens(around)].filter(({ from, to }) => from < cut && cut < to);
  return start + Math.min(cut, ...parted.map(({ from }) => from));
}

const BEGINNING = "[the beginning of a confidential value]";

/**
 * Replaces confidential values and tokens in a text that arrives in pieces. What may be the beginning of one is held back
 * until the next piece tells, so that none passes in two halves.
 */
export function confidentialStream() {
  let held = "";
  const beginning = (text: string) => {
    const kept = holder.__operateConfidential;
    return kept ? beginningAt(kept.finder, text) : { from: text.length, told: 0 };
  };
  return {
    /** Returns what may be written now. */
    push(piece: string): string {
      const all = held + piece;
      const wordAt = lastWordAt(all);
      const text = withoutConfidential(all.slice(0, wordAt));
      const { from } = beginning(text);
      held = text.slice(from) + all.slice(wordAt);
      return text.slice(0, from);
    },
    /** Returns what is left when no more comes; a beginning long enough to tell something is not shown. */
    end(): string {
      const text = withoutConfidential(held);
      const { from, told } = beginning(text);
      held = "";
      return told < SHORTEST ? text : text.slice(0, from) + BEGINNING;
    },
  };
}

/** The same for every string in a value of plain data; what holds none is returned as it is. */
export function dataWithoutConfidential<T>(value: T, destination: Destination = "data", brought: Brought = NOTHING): T {
  return holdsConfidential(value, destination) ? (clean(value, destination, brought) as T) : value;
}

/** Whether any string in a value of plain data holds a confidential value. */
export function holdsConfidential(value: unknown, destination: Destination): boolean {
  const kept = holder.__operateConfidential;
  return kept !== undefined && dataHolds(kept, value, destination);
}

/** Makes nothing: most data holds no confidential value. */
function dataHolds(kept: Kept, value: unknown, destination: Destination): boolean {
  if (typeof value === "string") return holds(kept, value, destination);
  if (value === null || typeof value !== "object") return false;
  if (Array.isArray(value)) {
    for (const item of value) if (dataHolds(kept, item, destination)) return true;
    return false;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key in value)
    if (holds(kept, key, destination) || dataHolds(kept, value[key as keyof typeof value], destination)) return true;
  return false;
}

function clean(value: unknown, destination: Destination, brought: Brought): unknown {
  if (typeof value === "string") return withoutConfidential(value, destination, brought);
  if (Array.isArray(value)) return value.map((item) => clean(item, destination, brought));
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      withoutConfidential(key, destination, brought),
      clean(item, destination, brought),
    ]),
  );
}
