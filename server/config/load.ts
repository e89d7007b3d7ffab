import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { type OperateAgentConfig, OperateAgentConfigSchema } from "../agent/config.ts";
import { AppError } from "../agent/kernel/errors.ts";

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
 * (a secret is the variable OPERATE_SECRET_NAME); a missing one is an issue that names the variable, never its value.
 */
export function checkConfig(text: string, env: NodeJS.ProcessEnv): Checked {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    return {
      ok: false,
      issues: document.errors.map((error) => {
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
  const issues: ConfigIssue[] = [];
  const raw = substitute(document.toJS() ?? {}, [], env, (path, message) =>
    issues.push({ ...place(path), key: keyOf(path), message }),
  );
  const parsed = OperateAgentConfigSchema.safeParse(raw);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
      issues.push({ ...place(path), key: keyOf(path), message: explain(issue, document.getIn(path)) });
    }
  }
  if (issues.length > 0 || !parsed.success) return { ok: false, issues };
  return { ok: true, config: parsed.data };
}

function explain(issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.code === "unrecognized_keys") return "no such key here; remove it or check its spelling";
  if (issue.code === "custom") return issue.message;
  const shown =
    found === undefined ? "nothing" : typeof found === "object" ? "a block" : `\`${String(found).slice(0, 60)}\``;
  return `found ${shown}; ${issue.message}`;
}

const PLACEHOLDER = /\$\{(env|secret):([A-Za-z_][A-Za-z0-9_-]*)\}/g;

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
  return { config: checked.config, file, text };
}

/** The folder that relative paths of a configuration start from. */
export const configDir = (loaded: Pick<LoadedConfig, "file">): string => dirname(loaded.file);
