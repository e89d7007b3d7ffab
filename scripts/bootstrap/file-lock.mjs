import { linkSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { BEAT_MS, beat, currentPlace, directoryOf, holderElsewhere, SILENT_MS } from "./lock-holder.mjs";

const LOOK_MS = 1_000;

/**
 * Tries to make `file` a lock of this process. A lock whose process is gone is taken over, and so is one that came
 * with a copy of its directory. Returns the held lock, or the number of the live process that holds it, with
 * `elsewhere` for one on another machine or in another container: that one is judged by looking again and again.
 * The link makes it appear whole or not at all. `beatMs` and `silentMs` are for tests.
 */
export function takeLock(file, { beatMs = BEAT_MS, silentMs = SILENT_MS } = {}) {
  const own = `${file}.${process.pid}`;
  const brief = `${identityOf(process.pid)} ${directoryOf(dirname(file))}`;
  try {
    const { text, place } = prepare(own, brief);
    for (;;) {
      try {
        place(file);
        return holding(file, text, beatMs);
      } catch (error) {
        if (error.code !== "EEXIST") throw error;
      }
      const found = readLock(file);
      if (found === null) continue;
      const holder = liveHolder(file, found, silentMs);
      if (holder) return holder;
      discardLock(file, found);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * Gives signs of life until the lock is let go. Lost is one that names somebody else, or that is missing at two looks: one
 * that takes it over by mistake puts it back. To have been paused loses nothing that nobody else took.
 */
function holding(file, text, beatMs) {
  const losing = new AbortController();
  let beatAtMs = performance.now();
  let missing = 0;
  let released = false;
  const whyLost = () => {
    const found = readable(file, text);
    missing = found === null ? missing + 1 : 0;
    if (missing >= 2) return `${file} was removed`;
    if (found !== null && found !== text) return `${file} ${nameOf(found)}`;
    return null;
  };
  const isHeld = () => {
    if (released || losing.signal.aborted) return false;
    const why = whyLost();
    if (why === null) return true;
    clearInterval(looking);
    losing.abort(why);
    return false;
  };
  const looking = setInterval(
    () => {
      if (!isHeld() || performance.now() - beatAtMs < beatMs || missing > 0) return;
      beatAtMs = performance.now();
      beat(file);
    },
    Math.min(LOOK_MS, beatMs),
  ).unref();
  return {
    isHeld,
    lost: losing.signal,
    release: () => {
      released = true;
      clearInterval(looking);
      if (readable(file, null) === text) rmSync(file, { force: true });
    },
  };
}

/** A disk that cannot be read names nobody else. */
function readable(file, otherwise) {
  try {
    return readLock(file);
  } catch (error) {
    if (!("code" in error)) throw error;
    return otherwise;
  }
}

function nameOf(text) {
  const [pid, , , place] = text.split(" ");
  return `names process ${pid}${place === undefined ? "" : ` on host ${place.split("/")[0]}`}`;
}

/** The live process that a lock's text names; null when it is gone, or when it holds the directory this one was copied from. */
function liveHolder(file, text, silentMs) {
  const [pid, started, directory, place] = text.split(" ");
  const holderPid = Number(pid);
  const elsewhere = place === undefined ? null : holderElsewhere(place, file, silentMs);
  if (elsewhere) return elsewhere.alive ? { holderPid, elsewhere } : null;
  if (directory !== undefined && directory !== String(directoryOf(dirname(file)))) return null;
  const identity = `${pid} ${started ?? "-"}`; // an earlier release wrote less
  return isAlive(holderPid) && identityOf(holderPid) === identity ? { holderPid } : null;
}

/**
 * The lock's text, and how it is put in its place. On a full disk the text is the target of a symbolic link, which
 * needs no room but the name's as long as it is brief (60 bytes on ext4): it does without the place.
 */
function prepare(own, brief) {
  const text = `${brief} ${currentPlace()}`;
  try {
    writeFileSync(own, text, { mode: 0o600 });
    return { text, place: (file) => linkSync(own, file) };
  } catch (error) {
    if (error.code !== "ENOSPC" && error.code !== "EDQUOT") throw error;
    return { text: brief, place: (file) => symlinkSync(brief, file) };
  }
}

/** `pid` and, on Linux, the tick it started at: a number given to a later process is not the same process. */
function identityOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
    return `${pid} ${fields[19]}`;
  } catch {
    return `${pid} -`;
  }
}

function readLock(file) {
  try {
    return readlinkSync(file);
  } catch (error) {
    if (error.code === "ENOENT") return null;
    if (error.code !== "EINVAL") throw error; // a file, as nearly always
  }
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
}

/** Moves a dead lock away; what turns out to be somebody's fresh one is put back. */
export function discardLock(file, expected) {
  const aside = `${file}.${process.pid}.dead`;
  try {
    renameSync(file, aside);
    if (readLock(aside) !== expected) linkSync(aside, file);
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
