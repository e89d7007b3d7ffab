import type { z } from "zod";
import { isOwnSecret } from "../agent/kernel/confidential/confidential.ts";
import { saysNoValue } from "../agent/kernel/confidential/says-no-value.ts";
import { isWithinFreeMap } from "./secrecy.ts";

/** `${env:NAME}` and `${secret:name}`: what they stand for, and what may be said about it. */

type Path = readonly PropertyKey[];

export interface Placeholder {
  /** as written */
  whole: string;
  variable: string;
  /** where it stands, as keys and indices */
  path: Path;
}

export const PLACEHOLDER = /\$\{(env|secret):([A-Za-z_][A-Za-z0-9_-]*)\}/g;
const variableOf = (kind: string, name: string): string =>
  kind === "env" ? name : `OPERATE_SECRET_${name.toUpperCase().replaceAll("-", "_")}`;

/** The variables that a text of any kind refers to. */
export const variablesIn = (text: string): Set<string> =>
  new Set([...text.matchAll(PLACEHOLDER)].map(([, kind = "", name = ""]) => variableOf(kind, name)));

/** Every placeholder in a value of plain data. `${url:…}` is the platform's, which knows its balancers. */
export function placeholdersIn(value: unknown, path: Path = []): Placeholder[] {
  if (typeof value === "string")
    return [...value.matchAll(PLACEHOLDER)].map(([whole, kind = "", name = ""]) => ({
      ...{ whole, path },
      variable: variableOf(kind, name),
    }));
  if (Array.isArray(value)) return value.flatMap((item, i) => placeholdersIn(item, [...path, i]));
  if (!value || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, item]) => placeholdersIn(item, [...path, key]));
}

/** The same data with the value of its variable for each placeholder; one that is not set stays as it is written. */
export function resolvePlaceholders(value: unknown, env: NodeJS.ProcessEnv): unknown {
  if (typeof value === "string")
    return value.replace(PLACEHOLDER, (whole, kind: string, name: string) => env[variableOf(kind, name)] ?? whole);
  if (Array.isArray(value)) return value.map((item) => resolvePlaceholders(item, env));
  if (!value || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolvePlaceholders(item, env)]));
}

/** Names of things: shown everywhere, and referred to by other keys. */
const NAMING_KEYS = new Set(
  "name version initialVersion owner description notes service services environment environments requires dependsOn channels metric".split(
    " ",
  ),
);

/** Whether a place holds the name of something. Its value is shown wherever the thing is. */
export const isNamingPlace = (path: Path): boolean =>
  !isWithinFreeMap(path) && NAMING_KEYS.has(String(path.findLast((part) => typeof part === "string") ?? ""));

interface Opaque {
  /** paths of texts with a placeholder in them, as JSON */
  places: ReadonlySet<string>;
  /** whether one of them names something */
  names: boolean;
}

/** What nothing can be said of while these are unresolved; made once for all problems. */
export const opaqueBecauseOf = (placeholders: readonly Placeholder[]): Opaque => ({
  places: new Set(placeholders.map(({ path }) => JSON.stringify(path))),
  names: placeholders.some(({ path }) => isNamingPlace(path)),
});

/**
 * Whether a problem that the schema has with unresolved data says nothing: an unresolved placeholder is opaque, and
 * right wherever a text is. A rule between keys cannot be checked while names are unresolved.
 */
export function isOpaque(issue: z.core.$ZodIssue, opaque: Opaque): boolean {
  if (issue.code === "unrecognized_keys") return false;
  if (issue.code === "custom" && opaque.names) return true;
  if (issue.code === "invalid_type" && issue.expected !== "string")
    // a block that misses a key, or a number: no text is right there
    return false;
  if (opaque.places.has(JSON.stringify(issue.path))) return true;
  if (issue.code !== "invalid_union") return false;
  return issue.errors.some((branch) =>
    branch.every((inner) => isOpaque({ ...inner, path: [...issue.path, ...inner.path] }, opaque)),
  );
}

/** What to say about a problem that only the resolved values have: where and what is allowed, never what was found. */
export function explainResolved(issue: z.core.$ZodIssue, placeholders: readonly Placeholder[]): string {
  const at = placeholders.filter(({ path }) => issue.path.every((part, i) => part === path[i]));
  const named = [...new Set((at.length > 0 ? at : placeholders).map(({ whole }) => whole))].slice(0, 5).join(", ");
  const rule =
    (issue.code === "custom" && !saysNoValue(issue)) || issue.code === "unrecognized_keys"
      ? "a rule of this key is broken: a name that is not known or is given twice, or a value that does not fit the others"
      : issue.message;
  return `the value of ${named} is not allowed here (it is not shown): ${rule}`;
}

/** What is wrong with a placeholder itself, told to whoever may know which variables are set; null: nothing. */
export function problemOf({ whole, variable }: Placeholder, env: NodeJS.ProcessEnv): string | null {
  if (isOwnSecret(variable))
    return `${whole} names a secret of Operate itself, which no configuration may use; use another variable`;
  return env[variable] === undefined ? `${whole} needs the environment variable ${variable}, which is not set` : null;
}
