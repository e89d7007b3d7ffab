/** Room on the disk that holds the database. Pure: the adapters ask the operating system. */

export interface Disk {
  sizeBytes: number;
  /** what a process without special rights may still write */
  freeBytes: number;
  /** of what such a process could have, as `df` says it: 0 to 1 */
  usedShare: number;
}

/** of `fs.statfs` */
interface FileSystemStats {
  bsize: number;
  blocks: number;
  bfree: number;
  bavail: number;
}

export const DISK_WARNING_SHARE = 0.8;
/** A disk with more room than this is not worth a warning, however large it is. */
const ROOMY_BYTES = 20 * 2 ** 30;
/** PostgreSQL needs room for its write-ahead log, or it stops: telemetry leaves it this much. */
const RESERVE_BYTES = 512 * 2 ** 20;
const RESERVE_SHARE = 0.02;

export function diskOf({ bsize, blocks, bfree, bavail }: FileSystemStats): Disk {
  const used = blocks - bfree;
  const reachable = used + bavail;
  return {
    sizeBytes: blocks * bsize,
    freeBytes: bavail * bsize,
    usedShare: reachable === 0 ? 1 : used / reachable,
  };
}

/** The room that telemetry leaves to the state database: 512 MiB, on a small disk 2 % of it. */
export const reserveOf = ({ sizeBytes }: Disk): number => Math.min(RESERVE_BYTES, sizeBytes * RESERVE_SHARE);

export type DiskLevel = "ok" | "filling" | "full";

/** filling: 80 % used and less than 20 GiB free · full: no more than the reserve is free, telemetry is refused. */
export function diskLevel(disk: Disk): DiskLevel {
  if (disk.freeBytes <= reserveOf(disk)) return "full";
  return disk.usedShare >= DISK_WARNING_SHARE && disk.freeBytes < ROOMY_BYTES ? "filling" : "ok";
}

/** a segment of PostgreSQL's write-ahead log */
const LEAST_BYTES = 16 * 2 ** 20;

/** Whether as good as nothing can be written any more, by the database neither. */
export const isDiskFull = ({ freeBytes, sizeBytes }: Disk): boolean =>
  freeBytes < Math.min(LEAST_BYTES, sizeBytes * RESERVE_SHARE);

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
  const used = `The disk is ${Math.floor(disk.usedShare * 100)} % full: ${bytesInWords(disk.freeBytes)} of ${bytesInWords(disk.sizeBytes)} are free`;
  const reserve = bytesInWords(reserveOf(disk));
  return level === "full"
    ? `${used}. Telemetry is refused so that the database keeps its last ${reserve}. Free some space.`
    : `${used}. Telemetry is refused once ${reserve} are left. Free some space, or lower monitoringConfig.retention.`;
}
