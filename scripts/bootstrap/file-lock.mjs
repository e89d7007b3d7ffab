import { linkSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";

/**
 * Tries to make `file` a lock of this process. A lock whose process is gone is taken over. Returns how to let it go,
 * or the number of the live process that holds it. The link makes it appear with its whole content or not at all.
 */
export function takeLock(file) {
  const own = `${file}.${process.pid}`;
  const identity = identityOf(process.pid);
  try {
    const place = prepare(own, identity);
    for (;;) {
      try {
        place(file);
        return { release: () => readLock(file) === identity && rmSync(file, { force: true }) };
      } catch (error) {
        if (error.code !== "EEXIST") throw error;
      }
      const found = readLock(file);
      const holderPid = Number(found?.split(" ")[0]);
      if (found && isAlive(holderPid) && identityOf(holderPid) === found) return { holderPid };
      if (found !== null) discard(file, found);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * How the lock is put in its place. On a full disk its text is the target of a symbolic link, which needs no room
 * but the name's.
 */
function prepare(own, identity) {
  try {
    writeFileSync(own, identity, { mode: 0o600 });
    return (file) => linkSync(own, file);
  } catch (error) {
    if (error.code !== "ENOSPC" && error.code !== "EDQUOT") throw error;
    return (file) => symlinkSync(identity, file);
  }
}

/** `pid` and, on Linux, the tick it started at: a number given to a later process is not the same process. */
function identityOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
    return `${pid} ${fields[19]}`;
  } catch {
    return String(pid);
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
function discard(file, expected) {
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
