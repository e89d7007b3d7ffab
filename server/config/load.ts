import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { z } from "zod";
import { type OperateAgentConfig, type OperateAgentConfigInput, OperateAgentConfigSchema } from "../agent/config.ts";
import { distinctName, withMadeNames, withoutPlainForms } from "../agent/health/config.ts";
import { allowedNames, messageWithNames, shownName } from "../agent/kernel/allowed-names.ts";
import {
  type Confidential,
  isOwnSecret,
  keepConfidential,
  keepEnvironmentConfidential,
  withoutConfidential,
} from "../agent/kernel/confidential/confidential.ts";
import { saysNoValue } from "../agent/kernel/confidential/says-no-value.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { originOf } from "./applied.ts";
import { issuesBesideWrongValues } from "./beside-wrong-values.ts";
import { checkTexts } from "./check-texts.ts";
import { checkOwnPort } from "./own-port.ts";
import {
  explainResolved,
  isNamingPlace,
  isOpaque,
  opaqueBecauseOf,
  placeholdersIn,
  problemOf,
  resolvePlaceholders,
} from "./placeholders.ts";
import { type ConfigIssue, type Found, LARGEST_TEXT, lineOf, NOT_TEXT, readYaml } from "./read-yaml.ts";
import { keysAt, withoutEmptySections } from "./schema-keys.ts";
import { saysSecret, secrecyOf } from "./secrecy.ts";
import { partsOf } from "./secret-parts.ts";
import { withinUnions } from "./union-issues.ts";

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
 * (a secret is the variable OPERATE_SECRET_NAME); a missing one is an issue that names the variable. The schema sees
 * the text as it is written first, so that no message of any issue holds a resolved value. Whatever a start refuses is
 * refused here; at most 50 issues, by line, and how many more there are.
 */
export function checkConfig(text: string, env: NodeJS.ProcessEnv): Checked {
  const read = readUnresolved(text, env);
  if ("issues" in read) return { ok: false, issues: fewest(read.issues) };
  const { raw, placeholders, issueAt } = read;
  const missing = placeholders.flatMap((placeholder) => {
    const problem = problemOf(placeholder, env);
    return problem === null ? [] : [issueAt(placeholder.path, problem)];
  });
  const issues: PendingIssue[] = [...missing, ...read.problems];
  if (issues.length > 0) return { ok: false, issues: fewest(issues) };
  const parsed = OperateAgentConfigSchema.safeParse(withMadeNames(resolvePlaceholders(raw, env), raw));
  if (parsed.success) checkOwnPort(parsed.data, env, (path, message) => issues.push(issueAt(path, message)));
  else
    issues.push(...parsed.error.issues.map((issue) => issueAt(issue.path, () => explainResolved(issue, placeholders))));
  return parsed.success && issues.length === 0
    ? { ok: true, config: parsed.data }
    : { ok: false, issues: fewest(issues) };
}

/**
 * Checks the text of somebody who may not know this machine's environment: placeholders stay unresolved. Whether a
 * variable is set is told of those in `known` alone; the others come back as `unchecked`, as they are written.
 */
export function checkForeignConfig(
  text: string,
  env: NodeJS.ProcessEnv,
  known: ReadonlySet<string>,
): { issues: ConfigIssue[]; unchecked: string[] } {
  const read = readUnresolved(text, env);
  if ("issues" in read) return { issues: fewest(read.issues), unchecked: [] };
  const issues: PendingIssue[] = [];
  const unchecked = new Set<string>();
  for (const placeholder of read.placeholders) {
    const toldOf = known.has(placeholder.variable) || isOwnSecret(placeholder.variable);
    const problem = toldOf ? problemOf(placeholder, env) : null;
    if (problem !== null) issues.push(read.issueAt(placeholder.path, problem));
    else if (!toldOf) unchecked.add(placeholder.whole);
  }
  return { issues: fewest([...issues, ...read.problems]), unchecked: [...unchecked] };
}

/** The data of a text, its placeholders, and what is wrong with it as it is written. */
function readUnresolved(text: string, env: NodeJS.ProcessEnv) {
  const read = readYaml(text);
  if ("issues" in read) return read;
  const { place, found } = read.yaml;
  const raw = withoutPlainForms(withoutEmptySections(OperateAgentConfigSchema, read.yaml.raw));
  const issueAt = (path: readonly PropertyKey[], message: Message): PendingIssue => ({
    ...place(path),
    key: keyOf(path),
    message,
  });
  const problems: PendingIssue[] = [];
  const add: Add = (path, message) => problems.push(issueAt(path, message));
  checkTexts(raw, [], add);
  const placeholders = placeholdersIn(raw);
  const opaque = opaqueBecauseOf(placeholders);
  const parsed = OperateAgentConfigSchema.safeParse(withMadeNames(raw, raw));
  checkOwnPort(raw, env, add);
  const wrong = parsed.error?.issues ?? [];
  const issues = [...wrong, ...issuesBesideWrongValues(raw, wrong, (one) => withMadeNames(one, raw))];
  const isThere = (path: PropertyKey[]) => found(path).kind !== "nothing";
  for (const issue of issues)
    if (!isOpaque(issue, opaque))
      for (const one of withinUnions(issue, isThere)) if (!isOpaque(one, opaque)) addIssue(one, found, add);
  return { raw, placeholders, problems, issueAt };
}

/** Composed only if it is shown: what it takes to say what is meant may be much, and the problems very many. */
type Message = string | (() => string);
type PendingIssue = Omit<ConfigIssue, "message"> & { message: Message };
type Add = (path: readonly PropertyKey[], message: Message) => void;

function fewest(issues: PendingIssue[]): ConfigIssue[] {
  const sorted = issues.sort((a, b) => a.line - b.line || a.column - b.column);
  const shown = sorted.slice(0, MOST_ISSUES).map(({ message, ...issue }) => ({
    ...issue,
    message: typeof message === "string" ? message : message(),
  }));
  const next = sorted[MOST_ISSUES];
  if (next === undefined) return shown;
  const more = { ...next, key: "(whole file)", message: `and ${sorted.length - MOST_ISSUES} more from here on` };
  return [...shown, more];
}

function addIssue(issue: z.core.$ZodIssue, found: (path: PropertyKey[]) => Found, add: Add): void {
  if (issue.code !== "unrecognized_keys") {
    add(issue.path, () => explain(issue, found(issue.path)));
    return;
  }
  for (const key of issue.keys)
    add([...issue.path, key], () => {
      const allowed = keysAt(OperateAgentConfigSchema, issue.path);
      return `no such key here${allowed.length > 0 ? `; ${allowedNames(key, allowed)}` : ""}`;
    });
}

function explain(issue: z.core.$ZodIssue, found: Found): string {
  if (issue.code === "custom" && !saysNoValue(issue)) return messageWithNames(issue);
  if (issue.code === "invalid_union" && issue.errors.length > 0)
    return `found ${shownOf(found, false)}; ${kindsOf(issue.errors)} is needed`;
  if (issue.code !== "invalid_type") return `found ${shownOf(found, false)}; ${issue.message}`;
  const needed = `${KINDS[issue.expected] ?? issue.expected} is needed`;
  return `found ${shownOf(found, true)}; ${needed}${quotesHint(issue.expected, found)}`;
}

/** of a value that may be of several kinds */
const kindsOf = (forms: readonly (readonly z.core.$ZodIssue[])[]): string =>
  forms
    .flat()
    .map((one) => (one.code === "invalid_type" ? (KINDS[one.expected] ?? one.expected) : one.message))
    .join(" or ");

function shownOf(found: Found, withQuotes: boolean): string {
  if (found.kind !== "value") return { block: "a block", list: "a list", nothing: "nothing" }[found.kind];
  const written = shownName(found.source);
  return withQuotes && found.quoted ? `\`"${written}"\`` : `\`${written}\``;
}

/** Where quotes alone make it wrong, or would make it right. */
function quotesHint(expected: string, found: Found): string {
  if (found.kind !== "value") return "";
  const { value } = found;
  if (expected === "string") return typeof value === "number" || typeof value === "boolean" ? ": put it in quotes" : "";
  const isMeant =
    typeof value === "string" &&
    (expected === "boolean" ? /^(true|false)$/.test(value) : value.trim() !== "" && Number.isFinite(Number(value)));
  return isMeant && ["number", "int", "boolean"].includes(expected) ? ": take the quotes away" : "";
}

/** What zod calls a type, in words of YAML. */
const KINDS: Record<string, string> = {
  ...{ string: "a text", number: "a number", int: "a whole number", boolean: "true or false", array: "a list" },
  ...{ object: "a block of keys", record: "a block of keys", date: "an instant", null: "null" },
};

/**
 * The references of a part of a configuration that was kept as it is written, replaced; `${url:…}` is left for the
 * platform, which knows its balancers.
 */
export function resolveReferences(value: unknown, env: NodeJS.ProcessEnv, report: (message: string) => void): unknown {
  for (const placeholder of placeholdersIn(value)) {
    const problem = problemOf(placeholder, env);
    if (problem !== null) report(problem);
  }
  return resolvePlaceholders(value, env);
}

/** A configuration as it is written, with its references; null for a text that is not YAML. */
export function writtenConfig(text: string): unknown {
  const read = readYaml(text);
  return "yaml" in read ? withoutEmptySections(OperateAgentConfigSchema, read.yaml.raw) : null;
}

/** `file:line:column key: message`, one line each, as editors understand it. */
export const formatIssues = (file: string, issues: readonly ConfigIssue[]): string =>
  issues.map((issue) => `${file}:${issue.line}:${issue.column} ${issue.key}: ${issue.message}`).join("\n");

const notValid = (lines: string, issues: ConfigIssue[]): AppError =>
  new AppError("INVALID", `The configuration is not valid:\n${lines}`, { details: { issues } });

const NAMED_BY_VARIABLE = "Set OPERATE_CONFIG to a file that exists.";

/**
 * Reads and validates a configuration file. `whenMissing` says how the caller was given the path, for whoever has to
 * give another one. @throws INVALID with one line per problem.
 */
export function loadConfig(
  path: string,
  env: NodeJS.ProcessEnv = process.env,
  whenMissing: string = NAMED_BY_VARIABLE,
): LoadedConfig {
  const read = resolve(path);
  const file = originOf(read, env);
  const text = readText(read, whenMissing);
  const checked = checkConfig(text, env);
  if (!checked.ok) throw notValid(formatIssues(file, checked.issues), checked.issues);
  return applied(checked.config, file, text, env);
}

/**
 * The same for a configuration that a script gives as an object; relative paths in it start from the working
 * directory. @throws INVALID with one line per problem
 */
export function loadGivenConfig(given: OperateAgentConfigInput, env: NodeJS.ProcessEnv = process.env): LoadedConfig {
  let text: string;
  try {
    text = String(JSON.stringify(given, null, 2)); // which is YAML; of no data it is undefined
  } catch (cause) {
    throw new AppError("INVALID", "The configuration is not valid: give plain data, without circles.", { cause });
  }
  const checked = checkConfig(text, env);
  if (checked.ok) return applied(checked.config, join(process.cwd(), "(script)"), text, env);
  const lines = checked.issues.map(({ key, message }) => `${key}: ${message}`);
  throw notValid(lines.join("\n"), checked.issues);
}

function applied(config: OperateAgentConfig, file: string, text: string, env: NodeJS.ProcessEnv): LoadedConfig {
  keepResolved(text, config, env);
  // a name that was made from an address with a value in it is shown everywhere, and kept
  const taken = new Map<string, number>();
  for (const endpoint of config.monitoringConfig.healthEndpoints)
    endpoint.name = distinctName(withoutConfidential(endpoint.name), taken);
  return { config, file, text };
}

/** @throws INVALID for what is no readable file, or no text of a bearable size in UTF-8 */
function readText(file: string, whenMissing: string): string {
  const refuse = (message: string, at = { line: 1, column: 1 }) => {
    const issues = [{ ...at, key: "(whole file)", message }];
    return notValid(formatIssues(file, issues), issues);
  };
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
    throw new AppError("INVALID", `The configuration ${file} cannot be read. ${whenMissing}`, { cause });
  }
  const text = new TextDecoder().decode(bytes);
  const wrong = text.indexOf("\uFFFD");
  // The replacement character may stand in the file itself; only the strict decoder knows.
  if (wrong >= 0 && !isUtf8(bytes)) throw refuse(NOT_TEXT, lineOf(text, wrong));
  return text;
}

/** Whether a value stands in a text by itself, not as a part of a longer word. */
function holdsWord(text: string, value: string): boolean {
  for (let at = text.indexOf(value); value !== "" && at >= 0; at = text.indexOf(value, at + 1))
    if (!/\w/.test(text.charAt(at - 1)) && !/\w/.test(text.charAt(at + value.length))) return true;
  return false;
}

/** From here on no message shows what the placeholders were resolved to. */
function keepResolved(text: string, config: OperateAgentConfig, env: NodeJS.ProcessEnv): void {
  keepEnvironmentConfidential(env);
  keepConfidential(resolvedValues(withoutPlainForms(writtenConfig(text) ?? {}), { text, config }, env));
}

/**
 * What the placeholders in a part of a configuration stand for in `env`, and parts of it, with how secret each is. What
 * the file itself spells out is no secret.
 */
export function resolvedValues(
  written: unknown,
  { text, config }: Pick<LoadedConfig, "text" | "config">,
  env: NodeJS.ProcessEnv,
): Confidential[] {
  const spelledOut = (value: string) => holdsWord(text, value) || config.deploymentConfig.environments.includes(value);
  return placeholdersIn(written).flatMap(({ path, whole, variable }) => {
    const value = env[variable] ?? "";
    const isSecret = whole.startsWith("${secret:") || saysSecret(variable);
    if ((isNamingPlace(path) && !isSecret) || spelledOut(value)) return [];
    const secret = isSecret || secrecyOf(path, value, variable);
    const parts = partsOf(value, secret).filter((part) => !spelledOut(part.value));
    return [{ value, secret }, ...parts.filter((part) => part.value !== value)].map((kept) => ({
      ...kept,
      shown: whole,
    }));
  });
}

/** The folder that relative paths of a configuration start from. */
export const configDir = (loaded: Pick<LoadedConfig, "file">): string => dirname(loaded.file);
