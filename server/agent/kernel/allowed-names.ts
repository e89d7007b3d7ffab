import { AppError } from "./errors.ts";

/** What may stand where a wrong name was found, for messages that people and models read. */

const MOST_NAMES = 20;
const MOST_COMPARED = 500;
const LONGEST_NAME = 60;
/** of what is not compared */
const FAR = 99;

/** A name of unknown length and content, fit for a message. */
export const shownName = (name: string): string => {
  const visible = name.slice(0, LONGEST_NAME + 1).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "�");
  return visible.length > LONGEST_NAME ? `${visible.slice(0, LONGEST_NAME)}…` : visible;
};

const byName = new Intl.Collator("en", { numeric: true }).compare;

/** Whether one is likely to be the other misspelt: at most every third character is another. */
const isNear = (found: string, name: string, distance: number): boolean =>
  distance * 3 <= Math.max(found.length, name.length);

/**
 * `did you mean b? allowed: a, b, c and 7 more`: at most 20 names in their order, those that are spelt most like what
 * was found; the question only where one is near.
 */
export function allowedNames(found: string, names: Iterable<string>): string {
  const distinct = [...new Set(names)];
  if (distinct.length === 0) return "allowed: (none yet)";
  const wanted = comparable(found);
  const nearest = nearestNames(found, distinct);
  const [first] = nearest;
  const meant = first !== undefined && isNear(wanted, first.name, first.distance) ? first.name : null;
  const shown = nearest
    .map(({ name }) => name)
    .sort(byName)
    .map(shownName);
  const more = distinct.length - shown.length;
  const question = meant === null || distinct.length === 1 ? "" : `did you mean ${shownName(meant)}? `;
  return `${question}allowed: ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const comparable = (name: string): string => name.slice(0, LONGEST_NAME).toLowerCase();

/** Those of many names that are spelt most like what was found, nearest first. */
function nearestNames(found: string, names: readonly string[]): { name: string; distance: number }[] {
  const wanted = comparable(found);
  return names
    .map((name, i) => ({ name, distance: i < MOST_COMPARED ? editDistance(wanted, comparable(name)) : FAR }))
    .sort((a, b) => a.distance - b.distance || byName(a.name, b.name))
    .slice(0, MOST_NAMES);
}

/** `a, b, c`, in their order; of more than 20 names those that are spelt most like what was found, `and 7 more`. */
export function listedNames(names: readonly string[], found = ""): string {
  if (names.length === 0) return "none";
  if (names.length <= MOST_NAMES) return names.map(shownName).join(", ");
  const nearest = nearestNames(found, names).map(({ name }) => shownName(name));
  return `${nearest.join(", ")} and ${names.length - nearest.length} more`;
}

interface UnknownName {
  /** `service`, `version`, `deployment` */
  what: string;
  given: string;
  /** what may be named instead; left out where a list has to be asked for it, which `way` says */
  allowed?: readonly string[];
  /** how the allowed ones are introduced; default: `Known` */
  intro?: string;
  /** what else to do about it, in sentences */
  way?: string;
  /** of the name in the details; default: `what` */
  key?: string;
  /** INVALID where it narrows a list instead of naming what is asked for */
  code?: "NOT_FOUND" | "INVALID";
}

/** The one refusal of a name that does not exist: what there is instead, nearest first where it is much, and what to do. */
export function unknownName(name: UnknownName): AppError {
  const { what, given, allowed, intro = "Known", way, key = what, code = "NOT_FOUND" } = name;
  const sentences = [
    `There is no ${what} ${shownName(given)}.`,
    ...(allowed ? [`${intro}: ${listedNames(allowed, given)}.`] : []),
    ...(way ? [way] : []),
  ];
  return new AppError(code, sentences.join(" "), { details: { [key]: given, ...(allowed && { allowed }) } });
}

/** Of a service that does not run there. */
export const unknownEnvironment = (service: string, given: string, allowed: readonly string[]): AppError =>
  unknownName({ what: "environment", given, allowed, intro: `${shownName(service)} runs in` });

/** For an issue of a schema: names that are compared only if the issue is shown, as there may be very many. */
export const nearNames = (found: string, names: () => Iterable<string>) => ({ params: { found, names } });

/** The message of an issue with the names of `nearNames`. */
export function messageWithNames(issue: { message: string; params?: Record<string, unknown> | undefined }): string {
  const { found, names } = issue.params ?? {};
  return typeof found === "string" && typeof names === "function"
    ? `${issue.message}; ${allowedNames(found, names())}`
    : issue.message;
}

/** Levenshtein's: how many characters to add, remove or change to make one text the other. */
export function editDistance(a: string, b: string): number {
  // one row in place: it runs for hundreds of names per message, and an array for each row costs more than the counting
  const row = Uint32Array.from({ length: b.length + 1 }, (_, j) => j);
  const codes = Uint16Array.from({ length: b.length }, (_, j) => b.charCodeAt(j));
  for (let i = 1; i <= a.length; i++) {
    const code = a.charCodeAt(i - 1);
    let diagonal = i - 1;
    let left = i;
    row[0] = i;
    for (let j = 1; j <= codes.length; j++) {
      const above = row[j] ?? 0;
      const change = codes[j - 1] === code ? diagonal : diagonal + 1;
      left = Math.min(above + 1, left + 1, change);
      diagonal = above;
      row[j] = left;
    }
  }
  return row[b.length] ?? 0;
}
