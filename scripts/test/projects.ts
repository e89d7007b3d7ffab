import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The projects of test files, as vitest's `--project` names them. */
export const PROJECTS = { pure: "pure", database: "database", ownProcess: "own process" } as const;

/**
 * What changes something that everything in a process shares, as the schema engine of a migration does, or sets limits
 * of its own for a test that needs long.
 */
const CHANGES =
  /process\.env(?:\.\w+|\[[^\]]+\])\s*=[^=]|delete process\.env|Object\.assign\(process\.env|process\.(?:on|once|chdir|exitCode|umask)\b|globalThis|keep(?:Environment)?Confidential\(|LaunchValues\(|migrateDatabase\(|vi\.(?:mock|setConfig|setSystemTime|stub\w+|useFakeTimers)|spyOn\((?:process|console|Date|Math|performance)/;

/** what asks the run for its PostgreSQL */
const ASKS_FOR_DATABASE = /\binject\("postgres/;
const HELPERS = "server/testing/";
const IMPORT =
  /^(?:import|export)\s(?!type\b)[^;]*?from\s+"((?:\.{1,2}|#server)\/[^"]+)"|\bimport\("((?:\.{1,2}|#server)\/[^"]+)"\)/gms;

const textOf = (path: string): string => readFileSync(path, "utf8");

/** Whether a test, or a helper of tests that it imports, asks for PostgreSQL. Product code never does. */
function needsDatabase(path: string, known: Map<string, boolean>): boolean {
  const before = known.get(path);
  if (before !== undefined) return before;
  known.set(path, false); // two helpers may need each other
  const text = textOf(path);
  const needs =
    ASKS_FOR_DATABASE.test(text) ||
    [...text.matchAll(IMPORT)].some(([, from = "", late = from]) => {
      const name = from || late;
      const file = name.startsWith("#") ? name.slice(1) : join(dirname(path), name);
      return file.startsWith(HELPERS) && existsSync(file) && needsDatabase(file, known);
    });
  known.set(path, needs);
  return needs;
}

/**
 * The test files of each project, told by their text. Those that leave nothing behind in their process share processes,
 * one after the other: to start one and to load the same modules anew takes longer than most of them run. Of these, the
 * pure ones need no PostgreSQL, so that a run of them alone starts none.
 */
export function projectFiles(pattern: string): Record<keyof typeof PROJECTS, string[]> {
  const files: Record<keyof typeof PROJECTS, string[]> = { pure: [], database: [], ownProcess: [] };
  const known = new Map<string, boolean>();
  for (const path of globSync(pattern))
    files[CHANGES.test(textOf(path)) ? "ownProcess" : needsDatabase(path, known) ? "database" : "pure"].push(path);
  return files;
}
