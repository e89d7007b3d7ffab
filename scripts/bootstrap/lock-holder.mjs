import { lstatSync, lutimesSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { hostname } from "node:os";

/** How a lock tells who holds it to those who cannot see the holder's process: by a place and a sign of life. */

/** The holder renews the time of its lock's file so often. */
export const BEAT_MS = 5_000;
/** Silent for so long a holder elsewhere counts as gone: several beats, for a machine that stood still. */
export const SILENT_MS = 30_000;

let place;

/** Machine, boot and process namespace: a process number means one process only within the same. No spaces. */
export function currentPlace() {
  place ??= [hostname(), ...kernelPlace()].join("/");
  return place;
}

function kernelPlace() {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return [boot, readlinkSync("/proc/self/ns/pid")];
  } catch {
    return [process.platform, ""]; // no /proc: the machine's name must do
  }
}

/** Device and inode of a directory: a renamed one keeps them, a copy has others. Null when there is none. */
export function directoryOf(path) {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch (error) {
    if ("code" in error) return null;
    throw error;
  }
}

/** Locks that were seen, by path: the last sign of life, and when it was first seen on the clock of this process. */
const seen = new Map();

/**
 * What is known of the holder of a lock that was taken elsewhere: its host, for how long it was seen to be silent,
 * whether it gave a sign of life meanwhile, and whether it counts as alive. Only changes of the lock are judged: the
 * clocks of two hosts may differ by anything. Null when it was taken here, where the process itself tells, or was let
 * go meanwhile. A machine that was started again has no holder left.
 */
export function holderElsewhere(heldAt, file, silentLimitMs = SILENT_MS) {
  const [host = "", boot, namespace] = heldAt.split("/");
  const [ownHost, ownBoot, ownNamespace] = currentPlace().split("/");
  const named = ownNamespace !== "" && namespace !== "";
  if (boot === ownBoot && namespace === ownNamespace && (named || host === ownHost)) return null;
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return null;
  const sign = `${heldAt} ${found.ino} ${found.mtimeMs}`;
  const before = seen.get(file);
  const now = performance.now();
  const last = before?.sign === sign ? before : { sign, sinceMs: now, beats: before !== undefined };
  seen.set(file, last);
  const silentMs = now - last.sinceMs;
  const restarted = host === ownHost && boot !== ownBoot;
  return { host, beats: last.beats, silentMs, alive: !restarted && silentMs < silentLimitMs };
}

/** What to do about a live holder elsewhere, in a sentence or two. */
export const adviceOn = ({ host }) =>
  `It runs on another machine or in another container (host ${host}). Stop it there. It counts as gone when it gives no sign of life for ${SILENT_MS / 1_000} s.`;

/** A sign of life. What cannot be written is tried at the next beat. */
export function beat(file) {
  const now = new Date();
  try {
    lutimesSync(file, now, now);
  } catch (error) {
    if (!("code" in error)) throw error;
  }
}
