import { readFileSync } from "node:fs";
import { directoryOf } from "../../../../scripts/bootstrap/lock-holder.mjs";

/** Whose a process is when records of it may have come with a copy of the data directory that they lie in. */

/** Whether a process that was started for the data directory `named` was started for this one. */
export const namesDirectory = (named: string, dataDir: string): boolean =>
  named === dataDir || (named !== "" && isSame(directoryOf(named), dataDir));

/**
 * Whether a live process works on a data directory. It tells by its environment, where that can be read and the
 * directory is still there; else the record of it does, by the identity of the directory in which it was written. A
 * record without one is an earlier release's.
 */
export function worksOn(pid: number, dataDir: string, recorded: string | undefined): boolean {
  const named = dataDirOf(pid);
  if (named === dataDir) return true;
  const there = named === null ? null : directoryOf(named);
  if (there !== null) return isSame(there, dataDir);
  return recorded === undefined || isSame(recorded, dataDir);
}

const isSame = (identity: string | null, dataDir: string): boolean =>
  identity !== null && identity === directoryOf(dataDir);

/** Null where it names none, belongs to somebody else, or the system has no /proc. */
function dataDirOf(pid: number): string | null {
  try {
    const lines = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return lines.find((line) => line.startsWith(VARIABLE))?.slice(VARIABLE.length) || null;
  } catch {
    return null;
  }
}

const VARIABLE = "OPERATE_DATA_DIR=";
