import type { z } from "zod";
import { OperateAgentConfigSchema } from "../agent/config.ts";
import { editDistance } from "../agent/kernel/allowed-names.ts";

/** By these one part of a file names another: nothing can be said of the others while their value is not known. */
const NAMING = [
  ...["deploymentConfig", "monitoringConfig", "services", "name", "service", "environment", "environments"],
  ...["local", "version", "versions", "initialVersion"],
];
/** characters by which a key may be misspelt */
const MOST_DISTANCE = 2;

type Path = readonly PropertyKey[];

/**
 * What is wrong between the parts of a file that has wrong values, found as if those were left out, so that it is told in
 * the same list and not after the first correction. Nothing where a wrong value could be what other parts refer to.
 * `wrong`: what the schema found; `named`: gives names to what is written without one.
 */
export function issuesBesideWrongValues(
  raw: unknown,
  wrong: readonly z.core.$ZodIssue[],
  named: (raw: unknown) => unknown,
): z.core.$ZodIssue[] {
  const paths = wrong.filter(isOfValue).flatMap(pathsOf);
  const rest: unknown = structuredClone(raw);
  if (paths.length === 0 || !paths.every((path) => leaveOut(rest, path))) return [];
  const found = OperateAgentConfigSchema.safeParse(named(rest)).error?.issues ?? [];
  if (found.some(isOfValue)) return [];
  const keyOf = ({ path, message }: z.core.$ZodIssue) => JSON.stringify([path, message]);
  const blockOf = (path: Path) => JSON.stringify(path.slice(0, -1));
  const told = new Set(wrong.map(keyOf));
  // beside a value that is its default for now, a rule over both proves nothing
  const blocks = new Set(paths.map(blockOf));
  return found.filter((issue) => !told.has(keyOf(issue)) && !blocks.has(blockOf(issue.path)));
}

const pathsOf = (issue: z.core.$ZodIssue): Path[] =>
  issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];

/** Of the value alone; the others are of what stands beside it, and keep nothing else from being checked. */
const isOfValue = ({ code }: z.core.$ZodIssue): boolean => code !== "custom";

/** Takes one value away; false where that would change what others say, or the places of a list. */
function leaveOut(root: unknown, path: Path): boolean {
  const key = path.at(-1);
  if (typeof key !== "string" || isNaming(key)) return false;
  let node = root;
  for (const part of path.slice(0, -1)) node = isParent(node) ? node[part as string] : undefined;
  if (!isParent(node) || Array.isArray(node)) return false;
  delete node[key];
  return true;
}

const isParent = (node: unknown): node is Record<string, unknown> => typeof node === "object" && node !== null;

const isNaming = (key: string): boolean =>
  NAMING.some(
    (name) =>
      editDistance(key.slice(0, 40).toLowerCase(), name.toLowerCase()) <= Math.min(MOST_DISTANCE, name.length / 3),
  );
