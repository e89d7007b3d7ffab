import { readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { AppError } from "#server/agent/kernel/errors.ts";
import { discardLock } from "../../../scripts/bootstrap/file-lock.mjs";
import {
  adviceOn,
  BEAT_MS,
  beat,
  currentPlace,
  directoryOf,
  type HolderElsewhere,
  holderElsewhere,
} from "../../../scripts/bootstrap/lock-holder.mjs";
import { identityOf } from "./instance/process.ts";
import { worksOn } from "./state/directory.ts";
import { diskTakesNothing, storageProblem } from "./state/storage-problem.ts";

const OwnerSchema = z.object({
  pid: z.number().int(),
  identity: z.string(),
  /** identity of the data directory, and the place that the pid counts in; absent: of an earlier Operate */
  directory: z.string().optional(),
  place: z.string().optional(),
});

export interface DaemonLock {
  /** Whether the lock still names this process; gives a sign of life if so. */
  isHeld(): boolean;
  /** Gives it back; one that names another daemon meanwhile stays. */
  release(): void;
}

/**
 * One daemon per data directory. The lock names its owner by pid and start time, the directory and the place, so one
 * left behind by a daemon that was killed does not count, and one that came with a copy of the directory neither.
 * One of another place is judged by looking again and again, as `claimLock` does.
 * @throws CONFLICT when another daemon runs
 */
export function takeLock(path: string, dataDir: string): DaemonLock {
  const [identity, directory] = [identityOf(process.pid) ?? "", directoryOf(dataDir) ?? undefined];
  const brief = { pid: process.pid, identity };
  const text = JSON.stringify({ ...brief, directory, place: currentPlace() });
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      return held(path, writeLock(path, text, JSON.stringify(brief)));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw storageProblem(cause, path);
      const found = findText(path);
      if (found === null) continue;
      refuseLiveOwner(path, dataDir, cause);
      discardLock(path, found);
    }
  }
  throw new AppError("CONFLICT", `Another local platform daemon is starting on ${dataDir} right now. Try again.`);
}

const LOOK_AGAIN_MS = 500;

/** Like `takeLock`; waits until it is known whether a silent daemon elsewhere still runs. */
export async function claimLock(path: string, dataDir: string, waits: () => void): Promise<DaemonLock> {
  for (let said = false; ; said = true) {
    try {
      return takeLock(path, dataDir);
    } catch (error) {
      const silent = error instanceof AppError && error.details?.silentElsewhere === true;
      if (!silent) throw error;
      if (!said) waits();
      await delay(LOOK_AGAIN_MS);
    }
  }
}

/** Removes the lock of a daemon elsewhere that this process has seen to be silent until it counts as gone. */
export function dropSilentLock(path: string, silentMs: number): void {
  const place = ownerOf(path)?.place;
  if (place === undefined) return;
  const text = findText(path);
  const elsewhere = holderElsewhere(place, path, silentMs);
  if (text !== null && elsewhere && !elsewhere.alive) discardLock(path, text);
}

function held(path: string, text: string): DaemonLock {
  let lastBeatMs = performance.now();
  const isOurs = (): boolean => {
    try {
      return textOf(path) === text;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== "ENOENT"; // a disk that cannot be read names nobody else
    }
  };
  return {
    isHeld() {
      if (!isOurs()) return false;
      if (performance.now() - lastBeatMs >= BEAT_MS) {
        lastBeatMs = performance.now();
        beat(path);
      }
      return true;
    },
    release: () => {
      if (isOurs()) rmSync(path, { force: true });
    },
  };
}

/** @throws CONFLICT */
function refuseLiveOwner(path: string, dataDir: string, cause: unknown): void {
  const owner = ownerOf(path);
  if (owner === null) return;
  const elsewhere = whereElse(owner, path);
  if (elsewhere === null ? !isLiveHere(owner, path) : !elsewhere.alive) return;
  const advice = elsewhere ? adviceOn(elsewhere) : "Stop it first, or set OPERATE_DATA_DIR to another folder.";
  const message = `A local platform daemon (pid ${owner.pid}) already runs on ${dataDir}. ${advice}`;
  throw new AppError("CONFLICT", message, {
    details: { pid: owner.pid, silentElsewhere: elsewhere?.beats === false },
    cause,
  });
}

/**
 * Returns what was written. On a full disk the balancers must come back too: there the text is the target of a
 * symbolic link, which is kept in the inode and needs no further room as long as it is brief (60 bytes on ext4).
 */
function writeLock(path: string, text: string, brief: string): string {
  try {
    writeFileSync(path, text, { flag: "wx", mode: 0o600 });
    return text;
  } catch (error) {
    if (!diskTakesNothing(error)) throw error;
    rmSync(path, { force: true }); // empty: it was created, but not written
    symlinkSync(brief, path);
    return brief;
  }
}

const textOf = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return readFileSync(path, "utf8"); // a file, as nearly always
  }
};

const findText = (path: string): string | null => {
  try {
    return textOf(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
};

/** The live daemon that holds a lock and can be signalled from here; null when there is none. */
export function lockOwner(path: string): { pid: number; identity: string } | null {
  const owner = ownerOf(path);
  if (owner === null || whereElse(owner, path) !== null || !isLiveHere(owner, path)) return null;
  return { pid: owner.pid, identity: owner.identity };
}

type Owner = z.infer<typeof OwnerSchema>;

/** The lock lies in the folder `local` of the data directory. */
const isLiveHere = ({ pid, identity, directory }: Owner, path: string): boolean =>
  identityOf(pid) === identity && worksOn(pid, dirname(dirname(resolve(path))), directory);

const whereElse = ({ place }: Owner, path: string): HolderElsewhere | null =>
  place === undefined ? null : holderElsewhere(place, path);

const ownerOf = (path: string): Owner | null => {
  try {
    return OwnerSchema.parse(JSON.parse(textOf(path)));
  } catch {
    return null; // half-written by a daemon that died, or gone meanwhile
  }
};
