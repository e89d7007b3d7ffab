import { existsSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../agent/kernel/errors.ts";

/** `installation.json` of a data directory: the id that its database has, too, and where it was written. */

export const IdSchema = z.string().regex(/^[a-z0-9-]{8,64}$/);
const PlaceSchema = z.object({ host: z.string(), path: z.string(), device: z.number(), inode: z.number() });
const FileSchema = z.object({ id: IdSchema, place: PlaceSchema.optional() });
type Place = z.infer<typeof PlaceSchema>;

export const fileOf = (dataDir: string): string => join(dataDir, "installation.json");

export interface InstallationFile {
  id: string;
  /** where it was written; undefined: by an earlier release */
  place?: Place | undefined;
  /** where it was written if that was another directory, so that this one is a copy of it; else null */
  copiedFrom: string | null;
  /** this directory was moved, or an earlier release wrote the file: it should be written again */
  outdated: boolean;
}

/** @throws PRECONDITION for a damaged file */
export function readInstallationFile(dataDir: string): InstallationFile | null {
  const file = fileOf(dataDir);
  if (!existsSync(file)) return null;
  const { id, place } = parse(file);
  if (place === undefined) return { id, copiedFrom: null, outdated: true };
  const here = placeOf(dataDir);
  const outdated = JSON.stringify(place) !== JSON.stringify(here);
  return { id, place, copiedFrom: isSamePlace(place, here) ? null : `${place.path} on ${place.host}`, outdated };
}

export function writeInstallationFile(dataDir: string, id: string): void {
  const file = fileOf(dataDir);
  writeFileSync(`${file}.new`, `${JSON.stringify({ id, place: placeOf(dataDir) })}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/**
 * A moved directory keeps device and inode, one restored from a back-up its host and path. A volume that another
 * container or host mounts at the same path keeps its inode, though not always its device number.
 */
const isSamePlace = (one: Place, other: Place): boolean =>
  one.path === other.path
    ? one.host === other.host || one.inode === other.inode
    : one.host === other.host && one.device === other.device && one.inode === other.inode;

function placeOf(dataDir: string): Place {
  const { dev, ino } = statSync(dataDir);
  return { host: hostname(), path: realpathSync(dataDir), device: dev, inode: ino };
}

function parse(file: string): z.infer<typeof FileSchema> {
  try {
    return FileSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new AppError(
      "PRECONDITION",
      `${file} is damaged. Restore it from a backup, or delete it and start once with OPERATE_INSTALLATION_ID set to the id of the database.`,
      { cause },
    );
  }
}
