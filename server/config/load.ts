import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { type OperateAgentConfig, OperateAgentConfigSchema } from "../agent/config.ts";
import { isOwnSecret, keepConfidential, keepEnvironmentConfidential } from "../agent/kernel/confidential.ts";
import { AppError } from "../agent/kernel/errors.ts";
import {
  explainResolved,
  isNamingPlace,
  isOpaque,
  isSecretPlace,
  placeholdersIn,
  problemOf,
  resolvePlaceholders,
} from "./placeholders.ts";

/** One thing wrong with a configuration: where, what, and what would be right. Lines and columns count from 1. */
export interface ConfigIssue {
  line: number;
  column: number;
  /** `services[0].local.command` */
  key: string;
  message: string;
}

export interface LoadedConfig {
  config: OperateAgentConfig;
  /** absolute path of the file; relative paths in it are relative to its folder */
  file: string;
  text: string;
}

type Checked = { ok: true; config: OperateAgentConfig } | { ok: false; issues: ConfigIssue[] };

const keyOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (key, part) => (typeof part === "number" ? `${key}[${part}]` : key ? `${key}.${String(part)}` : String(part)),
    "",
  ) || "(whole file)";

/**
 * Parses and validates the text of a configuration. `${env:NAME}` and `${secret:NAME}` are replaced from `env`
 * (a secret is the variable OPERATE_SECRET_NAME); a missing one is an issue that names the variable. The schema sees
 * the text as it is written first, so that no message of any issue holds a resolved value.
 */
export function checkConfig(text: string, env: NodeJS.ProcessEnv): Checked {
  const read = readUnresolved(text);
  if ("issues" in read) return { ok: false, issues: read.issues };
  const { raw, placeholders, issueAt } = read;
  const missing = placeholders.flatMap((placeholder) => {
    const problem = problemOf(placeholder, env);
    return problem === null ? [] : [issueAt(placeholder.path, problem)];
  });
  if (read.problems.length + missing.length > 0) return { ok: false, issues: [...missing, ...read.problems] };
  const parsed = OperateAgentConfigSchema.safeParse(resolvePlaceholders(raw, env));
  if (parsed.success) return { ok: true, config: parsed.data };
  return {
    ok: false,
    issues: parsed.error.issues.map((issue) => issueAt(issue.path, explainResolved(issue, placeholders))),
  };
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
  const read = readUnresolved(text);
  if ("issues" in read) return { issues: read.issues, unchecked: [] };
  const issues: ConfigIssue[] = [];
  const unchecked = new Set<string>();
  for (const placeholder of read.placeholders) {
    const toldOf = known.has(placeholder.variable) || isOwnSecret(placeholder.variable);
    const problem = toldOf ? problemOf(placeholder, env) : null;
    if (problem !== null) issues.push(read.issueAt(placeholder.path, problem));
    else if (!toldOf) unchecked.add(placeholder.whole);
  }
  return { issues: [...issues, ...read.problems], unchecked: [...unchecked] };
}

/** The data of a text, its placeholders, and what the schema says about it as it is written. */
function readUnresolved(text: string) {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    return {
      issues: document.errors.map((error): ConfigIssue => {
        const at = lines.linePos(error.pos[0]);
        return { line: at.line, column: at.col, key: "(YAML)", message: error.message };
      }),
    };
  }
  const place = (path: readonly PropertyKey[]) => {
    for (let depth = path.length; depth >= 0; depth--) {
      const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range) {
        const at = lines.linePos(node.range[0]);
        return { line: at.line, column: at.col };
      }
    }
    return { line: 1, column: 1 };
  };
  const issueAt = (path: readonly PropertyKey[], message: string): ConfigIssue => ({
    ...place(path),
    key: keyOf(path),
    message,
  });
  const raw: unknown = document.toJS() ?? {};
  const placeholders = placeholdersIn(raw);
  const parsed = OperateAgentConfigSchema.safeParse(raw);
  const problems = (parsed.error?.issues ?? [])
    .filter((issue) => !isOpaque(issue, placeholders))
    .map((issue) => {
      const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
      return issueAt(path, explain(issue, document.getIn(path)));
    });
  return { raw, placeholders, problems, issueAt };
}

function explain(issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.code === "unrecognized_keys") return "no such key here; remove it or check its spelling";
  if (issue.code === "custom") return issue.message;
  const shown =
    found === undefined ? "nothing" : typeof found === "object" ? "a block" : `\`${String(found).slice(0, 60)}\``;
  return `found ${shown}; ${issue.message}`;
}

/** `file:line:column key: message`, one line each, as editors understand it. */
export const formatIssues = (file: string, issues: readonly ConfigIssue[]): string =>
  issues.map((issue) => `${file}:${issue.line}:${issue.column} ${issue.key}: ${issue.message}`).join("\n");

/** Reads and validates a configuration file. @throws INVALID with one line per problem. */
export function loadConfig(path: string, env: NodeJS.ProcessEnv = process.env): LoadedConfig {
  const file = resolve(path);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new AppError(
      "INVALID",
      `The configuration ${file} cannot be read. Set OPERATE_CONFIG to a file that exists.`,
      { cause },
    );
  }
  const checked = checkConfig(text, env);
  if (!checked.ok)
    throw new AppError("INVALID", `The configuration is not valid:\n${formatIssues(file, checked.issues)}`, {
      details: { issues: checked.issues },
    });
  keepResolved(text, checked.config, env);
  return { config: checked.config, file, text };
}

/** From here on no message shows what the placeholders were resolved to. What the file itself spells out is no secret. */
function keepResolved(text: string, config: OperateAgentConfig, env: NodeJS.ProcessEnv): void {
  keepEnvironmentConfidential(env);
  const spelledOut = (value: string) => text.includes(value) || config.deploymentConfig.environments.includes(value);
  keepConfidential(
    placeholdersIn(parseDocument(text).toJS() ?? {}).flatMap(({ path, whole, variable }) => {
      const value = env[variable] ?? "";
      if (isNamingPlace(path) || spelledOut(value)) return [];
      return [{ value, shown: whole, secret: whole.startsWith("${secret:") || isSecretPlace(path) }];
    }),
  );
}

/** The folder that relative paths of a configuration start from. */
export const configDir = (loaded: Pick<LoadedConfig, "file">): string => dirname(loaded.file);
