/** Two states of a thing as a list of fields, for reading. Pure. */

export interface FieldChange {
  /** "options.instances", "items[2].name"; "" is the whole */
  path: string;
  before: string | null;
  after: string | null;
  kind: "added" | "removed" | "changed" | "same";
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

/** Every leaf of a JSON value under its path. */
function leavesOf(value: unknown, path: string, into: Map<string, string>): Map<string, string> {
  if (value === undefined || (value === null && path === "")) return into;
  if (!isObject(value) || isEmpty(value))
    return into.set(path, typeof value === "string" ? value : JSON.stringify(value));
  for (const [key, inner] of Object.entries(value)) {
    const here = Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key;
    leavesOf(inner, here, into);
  }
  return into;
}

/** Fields in the order of the state before, then what is new. What changed is told from what stayed. */
export function changesOf(before: unknown, after: unknown): FieldChange[] {
  const [old, now] = [leavesOf(before, "", new Map()), leavesOf(after, "", new Map())];
  return [...new Set([...old.keys(), ...now.keys()])].map((path) => {
    const [was, is] = [old.get(path) ?? null, now.get(path) ?? null];
    const kind = was === is ? "same" : was === null ? "added" : is === null ? "removed" : "changed";
    return { path, before: was, after: is, kind };
  });
}
