import { globSync, readFileSync } from "node:fs";

/** The projects of test files, as vitest's `--project` names them. */
export const [SHARED_PROCESS, OWN_PROCESS] = ["shared process", "own process"] as const;

/**
 * What changes something that everything in a process shares, as the schema engine of a migration does, or sets limits
 * of its own for a test that needs long.
 */
const CHANGES =
  /process\.env(?:\.\w+|\[[^\]]+\])\s*=[^=]|delete process\.env|Object\.assign\(process\.env|process\.(?:on|once|chdir|exitCode|umask)\b|globalThis|keep(?:Environment)?Confidential\(|LaunchValues\(|migrateDatabase\(|vi\.(?:mock|setConfig|setSystemTime|stub\w+|useFakeTimers)|spyOn\((?:process|console|Date|Math|performance)/;

/**
 * The test files that leave nothing behind in their process, told by their text. They share processes, one after the
 * other: to start one and to load the same modules anew takes longer than most of them run.
 */
export function sharingTests(pattern: string): string[] {
  return globSync(pattern).filter((path) => !CHANGES.test(readFileSync(path, "utf8")));
}
