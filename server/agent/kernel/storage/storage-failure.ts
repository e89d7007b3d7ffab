import { DATABASE_AWAY, DISK_FULL } from "../../text/storage-words.ts";
import { bytesInWords, type Disk, isDiskFull, isOutOfFiles } from "./disk.ts";

/** Says of a failure that it comes from the storage under Operate: a full disk, or a database that is away. */

/** SQLSTATE disk_full, and the operating system's words for it */
const FULL_CODES = /^(53100|ENOSPC|EDQUOT)$/;
const FULL_WORDS = /no space left on device|disk quota exceeded/i;
const AWAY_CODES = /^(08...|53300|57P0[1235]|P1001|P1002|P1008|P1017|P2024|P2028)$/;
const AWAY_WORDS =
  /can't reach database|timeout exceeded when trying to connect|the database system is|connection (terminated|ended|error)|not queryable/i;
/** a refused connection is the database's only where its client says so */
const CLIENT = /prisma|driveradapter/i;
const REFUSED = /ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE/;
const MOST_CAUSES = 8;

// on globalThis because Next's bundles and the process around them do not share modules
const holder = globalThis as { __operateDisk?: () => Disk | null };

/** Hands over how the disk of the data directory is read; called often, so it must be cheap. */
export function watchDisk(read: () => Disk | null): void {
  holder.__operateDisk = read;
}

/** The disk of the data directory as it is now; null where none is watched, as with a database elsewhere. */
export const diskNow = (): Disk | null => holder.__operateDisk?.() ?? null;

/** The disk of the data directory if nothing can be written to it now, else null. */
export function fullDisk(): Disk | null {
  const disk = diskNow();
  return disk && isDiskFull(disk) ? disk : null;
}

/** One sentence of what is the matter and what to do. A disk that takes nothing though it has room is said to have some. */
export const fullDiskSentence = (disk: Disk | null): string => {
  const free = disk && (disk.freeBytes === 0 ? "0 bytes" : bytesInWords(disk.freeBytes));
  const goesOn = "everything goes on by itself then";
  if (disk && isOutOfFiles(disk))
    return `the ${DISK_FULL} (no inodes are left for files, though ${free} are free): delete files; ${goesOn}`;
  if (disk && !isDiskFull(disk))
    return `the ${DISK_FULL} (its file system refused a write though ${free} are free: look for a quota): make room; ${goesOn}`;
  return `the ${DISK_FULL}${free ? ` (${free} free)` : ""}: free some space; ${goesOn}`;
};

/** What a person is told of a failure of the storage; null for any other failure. */
export function storageFailure(error: unknown): string | null {
  const found = kindOf(error);
  return found && storageSentence(found);
}

/** Of a failure that is known to be the database's: it is away, or its disk is full. */
export function storageSentence(found: "full" | "away"): string {
  const disk = fullDisk();
  // a server that cannot write ends, and recovers for as long as it cannot
  if (found === "full" || disk) return capital(`${fullDiskSentence(disk ?? diskNow())}.`);
  return `${DATABASE_AWAY} now. Operate starts its own again by itself: try again in a few seconds.`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function kindOf(error: unknown): "full" | "away" | null {
  let byClient = false;
  let one = asRecord(error);
  for (let depth = 0; one !== null && depth < MOST_CAUSES; depth++) {
    const meta = asRecord(one.meta);
    const codes = [one.code, one.originalCode, meta?.code].map(String);
    const message = String(one.message ?? "");
    if (codes.some((code) => FULL_CODES.test(code)) || FULL_WORDS.test(message)) return "full";
    if (codes.some((code) => AWAY_CODES.test(code)) || AWAY_WORDS.test(message)) return "away";
    byClient ||= CLIENT.test(String(one.name ?? ""));
    if (byClient && (codes.some((code) => REFUSED.test(code)) || REFUSED.test(message))) return "away";
    one = asRecord(one.cause) ?? asRecord(meta?.driverAdapterError);
  }
  return null;
}

const asRecord = (value: unknown): Record<string, unknown> | null =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
