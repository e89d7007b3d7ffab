import { statfs } from "node:fs/promises";
import { type Disk, diskOf } from "../agent/kernel/disk.ts";

/** The folder of the embedded database, as the supervisor hands it down; undefined for a database elsewhere. */
export const databaseDirOf = (env: NodeJS.ProcessEnv): string | undefined => env.OPERATE_DATABASE_DIR || undefined;

/** How much room the disk of a folder has; undefined where there is no folder to ask about. */
export const diskReader = (folder: string | undefined): (() => Promise<Disk>) | undefined =>
  folder === undefined ? undefined : async () => diskOf(await statfs(folder));
