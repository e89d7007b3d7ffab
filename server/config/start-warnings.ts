import { accessSync, constants, statSync } from "node:fs";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import type { OperateAgentConfig } from "../agent/config.ts";
import type { ServiceConfig } from "../agent/config-services.ts";
import { shownName } from "../agent/kernel/allowed-names.ts";
import { withoutConfidential } from "../agent/kernel/confidential/confidential.ts";
import { visibleText } from "../agent/text/visible-line.ts";
import { configDir, type LoadedConfig, writtenConfig } from "./load.ts";
import { notReplaced } from "./not-replaced.ts";

const MOST_WARNINGS = 20;
const LONGEST_PATH = 200;
/** programs that are given a file to run */
const INTERPRETER = /^(?:node|bun|python[\d.]*|ruby|perl|php|sh|bash|dash|zsh)$/;
/** Part of the format and checked, and read by nothing yet: what a person sets there, they are told. */
const UNUSED = {
  alertingConfig: ["channels", "thresholds", "escalationPolicy"],
  sloConfig: ["availability", "throughputRps", "evaluationWindow"],
  ...{ scalingConfig: "all", securityConfig: "all", costConfig: "all", chaosConfig: "all" },
} satisfies { [Section in keyof OperateAgentConfig]?: readonly (keyof OperateAgentConfig[Section])[] | "all" };
const SCRIPT = /^[^-].*\.(?:[cm]?[jt]s|py|rb|pl|php|sh)$/;

/**
 * What this machine lacks to start the instances: folders, programs and scripts, `services[0].local.cwd: …`, one each.
 * No fault of the text, which may be meant for another machine, or for files that a build has yet to make. And what
 * reads like a placeholder but is none, and what has no effect yet. Never throws; holds no resolved value.
 */
export function startWarnings(loaded: LoadedConfig, env: NodeJS.ProcessEnv): string[] {
  const found = loaded.config.services.flatMap((service, i) => {
    try {
      const problem = startProblem(service, configDir(loaded), env);
      return problem === null ? [] : [`services[${i}].local.${problem}`];
    } catch (error) {
      return [`services[${i}].local: cannot be looked at here (${codeOf(error)})`]; // a warning ends no start
    }
  });
  return [
    ...atMost(found, (more) => `and ${more} more services that cannot start`),
    ...unusedKeys(loaded.text).map((key) => `${key}: is checked, and has no effect yet`),
    ...atMost(notReplaced(loaded.text), (more) => `and ${more} more texts in which something is not replaced`),
  ];
}

/** Keys that somebody wrote and that nothing reads yet: `costConfig.budgetLimit`. An empty list asks for nothing. */
function unusedKeys(text: string): string[] {
  const written = writtenConfig(text);
  const keysOf = (value: unknown) => (typeof value === "object" && value !== null ? Object.entries(value) : []);
  const sections = new Map<string, unknown>(keysOf(written));
  return Object.entries(UNUSED).flatMap(([section, keys]) =>
    keysOf(sections.get(section))
      .filter(([key, value]) => (keys === "all" || keys.some((one) => one === key)) && !isEmptyList(value))
      .map(([key]) => `${section}.${key}`),
  );
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

function atMost(warnings: string[], rest: (more: number) => string): string[] {
  const more = warnings.length - MOST_WARNINGS;
  return more > 0 ? [...warnings.slice(0, MOST_WARNINGS), rest(more)] : warnings;
}

function startProblem({ local, environments }: ServiceConfig, dir: string, env: NodeJS.ProcessEnv): string | null {
  const cwd = resolve(dir, local.cwd);
  const problem = folderProblem(cwd);
  if (problem !== null) return `cwd: ${problem}`;
  return programProblem({ local, environments }, cwd, env) ?? scriptProblem(local.command, cwd);
}

function programProblem(
  { local, environments }: Pick<ServiceConfig, "local" | "environments">,
  cwd: string,
  env: NodeJS.ProcessEnv,
): string | null {
  const [program = ""] = local.command;
  // which file it is depends on the version, or on what an environment sets
  if (program.includes("{version}") || Object.values(environments).some((one) => "PATH" in one.env)) return null;
  if (program.includes("/"))
    return isProgram(resolve(cwd, program)) ? null : `command: there is no program ${shownPath(resolve(cwd, program))}`;
  const folders = [dirname(process.execPath), ...(env.PATH ?? "").split(delimiter)];
  return folders.some((folder) => isProgram(join(folder, program)))
    ? null
    : `command: no program ${shownName(withoutConfidential(program))} is found along PATH`;
}

/** Of an interpreter's first argument, where that is a file by its name. */
function scriptProblem([program = "", script = ""]: readonly string[], cwd: string): string | null {
  if (!INTERPRETER.test(basename(program)) || !SCRIPT.test(script) || script.includes("{version}")) return null;
  const path = resolve(cwd, script);
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? null : `command: there is no file ${shownPath(path)}`;
}

/** Scrubbed before it is cut: half a secret would no longer be known. */
const shownPath = (path: string): string => visibleText(withoutConfidential(path), LONGEST_PATH);

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "unknown";

function folderProblem(path: string): string | null {
  try {
    return statSync(path).isDirectory() ? null : `there is no folder ${shownPath(path)}`;
  } catch (error) {
    const code = codeOf(error);
    return code === "ENOENT" || code === "ENOTDIR"
      ? `there is no folder ${shownPath(path)}`
      : `the folder ${shownPath(path)} cannot be entered (${code})`;
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // not there, or not for us: the same to whoever starts it
  }
}
