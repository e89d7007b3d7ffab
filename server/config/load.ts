import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { type OperateAgentConfig, OperateAgentConfigSchema } from "../agent/config.ts";
import { allowedNames, shownName } from "../agent/kernel/allowed-names.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { originOf } from "./applied.ts";
import { checkOwnPort } from "./own-port.ts";
import { type ConfigIssue, LARGEST_TEXT, lineOf, NOT_TEXT, readYaml } from "./read-yaml.ts";
import { keysAt } from "./schema-keys.ts";

export interface LoadedConfig {
  config: OperateAgentConfig;
  /** absolute path of the file; relative paths in it are relative to its folder */
  file: string;
  text: string;
}

type Checked = { ok: true; config: OperateAgentConfig } | { ok: false; issues: ConfigIssue[] };

const MOST_ISSUES = 50;

const keyOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (key, part) => (typeof part === "number" ? `${key}[${part}]` : `${key}${key ? "." : ""}${shownName(String(part))}`),
    "",
  ) || "(whole file)";

/**
 * Parses and validates the text of a configuration. `${env:NAME}` and `${secret:NAME}` are replaced from `env`
 * (a secret is the variable OPERATE_SECRET_NAME); a missing one is an issue that names the variable, never its value.
 * Whatever a start refuses is refused here; at most 50 issues, by line, and how many more there are.
 */
export function checkConfig(text: string, env: NodeJS.ProcessEnv): Checked {
  const read = readYaml(text);
  if ("issues" in read) return { ok: false, issues: fewest(read.issues) };
  const { raw: written, place, found } = read.yaml;
  const issues: ConfigIssue[] = [];
  const add = (path: readonly PropertyKey[], message: string) =>
    issues.push({ ...place(path), key: keyOf(path), message });
  checkReferenceKinds(written, [], add);
  const raw = substitute(written, [], env, add);
  const parsed = OperateAgentConfigSchema.safeParse(raw);
  if (parsed.success) checkOwnPort(parsed.data, env, add);
  else for (const issue of parsed.error.issues) addIssue(issue, found, add);
  if (issues.length > 0 || !parsed.success) return { ok: false, issues: fewest(issues) };
  return { ok: true, config: parsed.data };
}

type Add = (path: readonly PropertyKey[], message: string) => void;

function fewest(issues: ConfigIssue[]): ConfigIssue[] {
  const sorted = issues.sort((a, b) => a.line - b.line || a.column - b.column);
  const next = sorted[MOST_ISSUES];
  if (next === undefined) return sorted;
  const more = { ...next, key: "(whole file)", message: `and ${sorted.length - MOST_ISSUES} more from here on` };
  return [...sorted.slice(0, MOST_ISSUES), more];
}

function addIssue(issue: z.core.$ZodIssue, found: (path: PropertyKey[]) => unknown, add: Add): void {
  if (issue.code !== "unrecognized_keys") {
    add(issue.path, explain(issue, found(issue.path)));
    return;
  }
  const allowed = keysAt(OperateAgentConfigSchema, issue.path);
  for (const key of issue.keys)
    add([...issue.path, key], `no such key here${allowed.length > 0 ? `; ${allowedNames(key, allowed)}` : ""}`);
}

function explain(issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.code === "custom") return issue.message;
  const shown =
    found === undefined
      ? "nothing"
      : found !== null && typeof found === "object"
        ? "a block"
        : `\`${shownName(String(found))}\``;
  return `found ${shown}; ${issue.message}`;
}

const PLACEHOLDER = /\$\{(env|secret):([A-Za-z_][A-Za-z0-9_-]*)\}/g;
/** `${x:-y}` and its like are a shell's own, and not ours. */
const REFERENCE = /\$\{([a-z]+):(?![-=+?])([^}]*)\}/g;
const REFERENCE_FORMS = "${env:NAME}, ${secret:NAME}, and ${url:SERVICE} in environments.NAME.env of a service";

/** A reference of a kind that nobody resolves would reach a service as it stands. */
function checkReferenceKinds(value: unknown, path: readonly PropertyKey[], add: Add): void {
  if (typeof value === "string") {
    const isServiceEnv = path[0] === "services" && path[2] === "environments" && path[4] === "env";
    for (const [whole, kind, name = ""] of value.matchAll(REFERENCE)) {
      const known = kind === "url" ? isServiceEnv : whole.match(PLACEHOLDER) !== null;
      if (!known || name === "") add(path, `${shownName(whole)} is no reference here; allowed: ${REFERENCE_FORMS}`);
    }
  } else if (value && typeof value === "object")
    for (const [key, item] of Object.entries(value))
      checkReferenceKinds(item, [...path, Array.isArray(value) ? Number(key) : key], add);
}

/** Replaces references in every string; `${url:…}` is left for the platform, which knows its balancers. */
function substitute(
  value: unknown,
  path: (string | number)[],
  env: NodeJS.ProcessEnv,
  report: (path: (string | number)[], message: string) => void,
): unknown {
  if (typeof value === "string")
    return value.replace(PLACEHOLDER, (whole, kind: string, name: string) => {
      const variable = kind === "env" ? name : `OPERATE_SECRET_${name.toUpperCase().replaceAll("-", "_")}`;
      const found = env[variable];
      if (found === undefined) report(path, `${whole} needs the environment variable ${variable}, which is not set`);
      return found ?? whole;
    });
  if (Array.isArray(value)) return value.map((item, i) => substitute(item, [...path, i], env, report));
  if (value && typeof value === "object")
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, substitute(item, [...path, key], env, report)]),
    );
  return value;
}

/** The same for a part of a configuration that was kept as it is written. */
export const resolveReferences = (value: unknown, env: NodeJS.ProcessEnv, report: (message: string) => void): unknown =>
  substitute(value, [], env, (_path, message) => report(message));

/** A configuration as it is written, with its references; null for a text that is not YAML. */
export function writtenConfig(text: string): unknown {
  const read = readYaml(text);
  return "yaml" in read ? read.yaml.raw : null;
}

/** `file:line:column key: message`, one line each, as editors understand it. */
export const formatIssues = (file: string, issues: readonly ConfigIssue[]): string =>
  issues.map((issue) => `${file}:${issue.line}:${issue.column} ${issue.key}: ${issue.message}`).join("\n");

const notValid = (file: string, issues: ConfigIssue[]): AppError =>
  new AppError("INVALID", `The configuration is not valid:\n${formatIssues(file, issues)}`, { details: { issues } });

/** Reads and validates a configuration file. @throws INVALID with one line per problem. */
export function loadConfig(path: string, env: NodeJS.ProcessEnv = process.env): LoadedConfig {
  const read = resolve(path);
  const file = originOf(read, env);
  const text = readText(read);
  const checked = checkConfig(text, env);
  if (!checked.ok) throw notValid(file, checked.issues);
  return { config: checked.config, file, text };
}

/** @throws INVALID for what is no readable file, or no text of a bearable size in UTF-8 */
function readText(file: string): string {
  const refuse = (message: string, at = { line: 1, column: 1 }) =>
    notValid(file, [{ ...at, key: "(whole file)", message }]);
  let bytes: Buffer;
  try {
    const found = statSync(file);
    if (!found.isFile())
      throw refuse(
        `this is ${found.isDirectory() ? "a folder" : "no plain file"}; name a YAML file in it or beside it`,
      );
    if (found.size > LARGEST_TEXT)
      throw refuse(`the file has ${found.size} bytes; at most ${LARGEST_TEXT} are allowed`);
    bytes = readFileSync(file);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError(
      "INVALID",
      `The configuration ${file} cannot be read. Set OPERATE_CONFIG to a file that exists.`,
      { cause },
    );
  }
  const text = new TextDecoder().decode(bytes);
  const wrong = text.indexOf("\uFFFD");
  // The replacement character may stand in the file itself; only the strict decoder knows.
  if (wrong >= 0 && !isUtf8(bytes)) throw refuse(NOT_TEXT, lineOf(text, wrong));
  return text;
}

/** The folder that relative paths of a configuration start from. */
export const configDir = (loaded: Pick<LoadedConfig, "file">): string => dirname(loaded.file);
