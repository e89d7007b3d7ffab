import { accessSync, constants, statSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import type { ServiceConfig } from "../agent/config-services.ts";
import { shownName } from "../agent/kernel/allowed-names.ts";
import { withoutConfidential } from "../agent/kernel/confidential.ts";
import { visibleText } from "../agent/kernel/visible-line.ts";
import { configDir, type LoadedConfig } from "./load.ts";

const MOST_WARNINGS = 20;
const LONGEST_PATH = 200;

/**
 * What this machine lacks to start the instances: folders and programs, `services[0].local.cwd: …`, one each. No fault
 * of the text, which may be meant for another machine, or for files that a build has yet to make. Never throws; holds
 * no resolved value.
 */
export function startWarnings(loaded: Pick<LoadedConfig, "config" | "file">, env: NodeJS.ProcessEnv): string[] {
  const found = loaded.config.services.flatMap((service, i) => {
    try {
      const problem = startProblem(service, configDir(loaded), env);
      return problem === null ? [] : [`services[${i}].local.${problem}`];
    } catch (error) {
      return [`services[${i}].local: cannot be looked at here (${codeOf(error)})`]; // a warning ends no start
    }
  });
  const more = found.length - MOST_WARNINGS;
  return more > 0 ? [...found.slice(0, MOST_WARNINGS), `and ${more} more services that cannot start`] : found;
}

function startProblem({ local, environments }: ServiceConfig, dir: string, env: NodeJS.ProcessEnv): string | null {
  const cwd = resolve(dir, local.cwd);
  const problem = folderProblem(cwd);
  if (problem !== null) return `cwd: ${problem}`;
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
