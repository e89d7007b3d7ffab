import { accessSync, constants, statSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import type { ServiceConfig } from "../agent/config-services.ts";
import { shownName } from "../agent/kernel/allowed-names.ts";
import { visibleText } from "../agent/kernel/visible-text.ts";
import { configDir, type LoadedConfig } from "./load.ts";

const MOST_WARNINGS = 20;
const LONGEST_PATH = 200;

/**
 * What this machine lacks to start the instances: folders and programs, `services[0].local.cwd: …`, one each. No fault
 * of the text, which may be meant for another machine, or for files that a build has yet to make.
 */
export function startWarnings(loaded: Pick<LoadedConfig, "config" | "file">, env: NodeJS.ProcessEnv): string[] {
  const found = loaded.config.services.flatMap((service, i) => {
    const problem = startProblem(service, configDir(loaded), env);
    return problem === null ? [] : [`services[${i}].local.${problem}`];
  });
  const more = found.length - MOST_WARNINGS;
  return more > 0 ? [...found.slice(0, MOST_WARNINGS), `and ${more} more services that cannot start`] : found;
}

function startProblem({ local, environments }: ServiceConfig, dir: string, env: NodeJS.ProcessEnv): string | null {
  const cwd = resolve(dir, local.cwd);
  if (!isFolder(cwd)) return `cwd: there is no folder ${visibleText(cwd, LONGEST_PATH)}`;
  const [program = ""] = local.command;
  // which file it is depends on the version, or on what an environment sets
  if (program.includes("{version}") || Object.values(environments).some((one) => "PATH" in one.env)) return null;
  if (program.includes("/"))
    return isProgram(resolve(cwd, program))
      ? null
      : `command: there is no program ${visibleText(resolve(cwd, program), LONGEST_PATH)}`;
  const folders = [dirname(process.execPath), ...(env.PATH ?? "").split(delimiter)];
  return folders.some((folder) => isProgram(join(folder, program)))
    ? null
    : `command: no program ${shownName(program)} is found along PATH`;
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // not there, or not for us: the same to whoever starts it
  }
}
