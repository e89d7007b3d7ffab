import { statfsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { type Disk, diskOf } from "../agent/kernel/storage/disk.ts";

/** The folder of the embedded database, as the supervisor hands it down; undefined for a database elsewhere. */
export const databaseDirOf = (env: NodeJS.ProcessEnv): string | undefined => env.OPERATE_DATABASE_DIR || undefined;

/** How much room the disk of a folder has; undefined where there is no folder to ask about. */
export const diskReader = (folder: string | undefined): (() => Promise<Disk>) | undefined =>
  folder === undefined ? undefined : async () => diskOf(await statfs(folder));

const READ_AGAIN_MS = 1_000;

/** The same without waiting, read at most once a second; null where there is no folder or it cannot be asked. */
export function quickDiskReader(folder: string | undefined): () => Disk | null {
  let last: { atMs: number; disk: Disk | null } | null = null;
  return () => {
    if (folder === undefined) return null;
    const nowMs = performance.now();
    if (last && nowMs - last.atMs < READ_AGAIN_MS) return last.disk;
    last = { atMs: nowMs, disk: ask(folder) };
    return last.disk;
  };
}

function ask(folder: string): Disk | null {
  try {
    return diskOf(statfsSync(folder));
  } catch (error) {
    if (error instanceof Error && "code" in error) return null; // not there yet, or not there any more
    throw error;
  }
}
