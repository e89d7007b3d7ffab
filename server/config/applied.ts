import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadedConfig } from "./load.ts";

/**
 * Writes down the configuration that this start applies, references to secrets unresolved, readable by its owner
 * alone. Processes that are started again read it, so that none takes in a file that nobody applied. What it holds
 * already is not written again: a full disk must not stand in the way. Returns its path.
 */
export function writeAppliedConfig({ text }: Pick<LoadedConfig, "text">, dataDir: string): string {
  const path = join(dataDir, "applied.config.yaml");
  if (existsSync(path) && readFileSync(path, "utf8") === text) return path;
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return path;
}

/**
 * The file that a configuration was applied from: messages name it and relative paths start there. OPERATE_CONFIG is
 * the applied copy where the supervisor handed down OPERATE_CONFIG_ORIGIN with it.
 */
export const originOf = (file: string, env: NodeJS.ProcessEnv): string =>
  env.OPERATE_CONFIG_ORIGIN && env.OPERATE_CONFIG === file ? env.OPERATE_CONFIG_ORIGIN : file;
