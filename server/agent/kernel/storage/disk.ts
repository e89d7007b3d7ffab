/** Room on the disk that holds the database. Pure: the adapters ask the operating system. */

export interface Disk {
  sizeBytes: number;
  /** what a process without special rights may still write */
  freeBytes: number;
  /** of what such a process could have, as `df` says it: 0 to 1 */
  usedShare: number;
  /** inodes, of which each file takes one; absent where the file system has as many as it needs */
  files?: { total: number; free: number } | undefined;
}

/** of `fs.statfs` */
interface FileSystemStats {
  bsize: number;
  blocks: number;
  bfree: number;
  bavail: number;
  files?: number;
  ffree?: number;
}

export const DISK_WARNING_SHARE = 0.8;
/** PostgreSQL needs room for its write-ahead log, or it stops: telemetry leaves it this much. */
const RESERVE_BYTES = 512 * 2 ** 20;
const RESERVE_SHARE = 0.02;
/** the same of inodes: PostgreSQL makes a few hundred files for a day of telemetry */
const RESERVE_FILES = 2_000;

export function diskOf({ bsize, blocks, bfree, bavail, files = 0, ffree = 0 }: FileSystemStats): Disk {
  const used = blocks - bfree;
  const reachable = used + bavail;
  return {
    sizeBytes: blocks * bsize,
    freeBytes: bavail * bsize,
    usedShare: reachable === 0 ? 1 : used / reachable,
    ...(files > 0 ? { files: { total: files, free: ffree } } : {}),
  };
}

/** The room that telemetry leaves to the state database: 512 MiB, on a small disk 2 % of it. */
export const reserveOf = ({ sizeBytes }: Disk): number => Math.min(RESERVE_BYTES, sizeBytes * RESERVE_SHARE);

export type DiskLevel = "ok" | "filling" | "full";

/** filling: 80 % of the room or of the inodes is used · full: no more than the reserve is free, telemetry is refused. */
export function diskLevel(disk: Disk): DiskLevel {
  const { freeBytes, usedShare } = disk;
  if (freeBytes <= reserveOf(disk) || filesLevel(disk) === "full") return "full";
  return usedShare >= DISK_WARNING_SHARE || filesLevel(disk) === "filling" ? "filling" : "ok";
}

function filesLevel({ files }: Disk): DiskLevel {
  if (!files) return "ok";
  if (files.free <= Math.min(RESERVE_FILES, files.total * RESERVE_SHARE)) return "full";
  return files.free <= files.total * (1 - DISK_WARNING_SHARE) ? "filling" : "ok";
}

/** a segment of PostgreSQL's write-ahead log */
const LEAST_BYTES = 16 * 2 ** 20;

const LEAST_FILES = 16;

/** Whether as good as no file can be made any more, though there may be room. */
export const isOutOfFiles = ({ files }: Pick<Disk, "files">): boolean =>
  files !== undefined && files.free < Math.min(LEAST_FILES, files.total * RESERVE_SHARE);

/** Whether as good as nothing can be written any more, by the database neither. */
export const isDiskFull = (disk: Disk): boolean =>
  isOutOfFiles(disk) || disk.freeBytes < Math.min(LEAST_BYTES, disk.sizeBytes * RESERVE_SHARE);

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `12.3 GiB`: three digits, in the units of the console. */
export function bytesInWords(bytes: number): string {
  let unit = 0;
  let value = bytes;
  for (; value >= 1_000 && unit < UNITS.length - 1; unit++) value /= 1_024;
  return `${Number(value.toPrecision(3))} ${UNITS[unit]}`;
}

/** One sentence with its base; null while there is room. */
export function diskSentence(disk: Disk): string | null {
  const level = diskLevel(disk);
  if (level === "ok") return null;
  const space = disk.freeBytes <= reserveOf(disk) || disk.usedShare >= DISK_WARNING_SHARE;
  if (disk.files && filesLevel(disk) === level && !(space && level === "filling"))
    return filesSentence(disk.files, level);
  const used = `The disk is ${Math.floor(disk.usedShare * 100)} % full: ${bytesInWords(disk.freeBytes)} of ${bytesInWords(disk.sizeBytes)} are free`;
  const reserve = bytesInWords(reserveOf(disk));
  return level === "full"
    ? `${used}. Telemetry is refused so that the database keeps its last ${reserve}. Free some space.`
    : `${used}. Telemetry is refused once ${reserve} are left. Free some space, or lower monitoringConfig.retention.`;
}

function filesSentence({ total, free }: NonNullable<Disk["files"]>, level: DiskLevel): string {
  const left = `The disk has ${free} of ${total} inodes left, of which each file takes one`;
  return level === "full"
    ? `${left}. Telemetry is refused so that the database keeps them. Delete files; space alone does not help.`
    : `${left}. Delete files before there are none.`;
}
