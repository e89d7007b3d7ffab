import { readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { AppError } from "#server/agent/kernel/errors.ts";
import { identityOf } from "./process.ts";
import { diskTakesNothing, storageProblem } from "./storage-problem.ts";

const OwnerSchema = z.object({ pid: z.number().int(), identity: z.string() });

/**
 * One daemon per data directory. The lock names its owner by pid and start time, so one left behind by a daemon that
 * was killed does not count. Returns the function that gives it back.
 * @throws CONFLICT when another daemon runs
 */
export function takeLock(path: string, dataDir: string): () => void {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const own = { pid: process.pid, identity: identityOf(process.pid) ?? "" };
      writeLock(path, JSON.stringify(own));
      return () => rmSync(path, { force: true });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw storageProblem(cause, path);
      const owner = lockOwner(path);
      if (owner !== null) {
        const message = `A local platform daemon (pid ${owner.pid}) already runs on ${dataDir}. Stop it first, or set OPERATE_DATA_DIR to another folder.`;
        throw new AppError("CONFLICT", message, { details: { pid: owner.pid }, cause });
      }
      rmSync(path, { force: true });
    }
  }
  throw new AppError("CONFLICT", `Another local platform daemon is starting on ${dataDir} right now. Try again.`);
}

/**
 * On a full disk the balancers must come back too: there the text is the target of a symbolic link, which is kept in
 * the inode and needs no further room.
 */
function writeLock(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!diskTakesNothing(error)) throw error;
    rmSync(path, { force: true }); // empty: it was created, but not written
    symlinkSync(text, path);
  }
}

const textOf = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return readFileSync(path, "utf8"); // a file, as nearly always
  }
};

/** The live daemon that holds a lock; null when there is none. */
export function lockOwner(path: string): { pid: number; identity: string } | null {
  const owner = ownerOf(path);
  return owner !== null && identityOf(owner.pid) === owner.identity ? owner : null;
}

const ownerOf = (path: string): z.infer<typeof OwnerSchema> | null => {
  try {
    return OwnerSchema.parse(JSON.parse(textOf(path)));
  } catch {
    return null; // half-written by a daemon that died, or gone meanwhile
  }
};
