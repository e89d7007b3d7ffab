import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { storageProblem } from "../state/storage-problem.ts";

/** What takes the output of an instance to its log files, so that a disk that takes nothing never ends the instance. */

/** Where standard output and error of one process go. */
export interface LogSinks {
  /** to be given to the process, then closed by `close` */
  fds: number[];
  close(): void;
  /** never rejects; resolves when all that was printed is in the files or was dropped */
  logged: Promise<void>;
}

const MISSING = JSON.stringify({
  level: "warn",
  msg: "lines are missing here: the log could not be written, as when the disk is full",
});

/**
 * Appends standard input to the file $0. What cannot be written is dropped, so that nobody who prints ever waits; each
 * second it tries again, and says $1 first. It ends when the last one who could print has ended.
 */
const WRITER = `umask 077
exec 3<&0
until cat <&3 >>"$0"; do
  until
    cat <&3 >/dev/null &
    sleep 1 || exit 1
    kill $!
    wait $! && exit
    {
      if [ -f "$0" ] && [ -n "$(tail -c 1 "$0")" ]; then echo; fi
      printf '%s\\n' "$1"
    } >>"$0"
  do :; done
done`;

/**
 * A pipe to each file, with a writer process that outlives this one. Where no pipe can be made, the files themselves.
 * @throws PRECONDITION that says which file cannot be written
 */
export async function openLogSinks(files: readonly string[]): Promise<LogSinks> {
  return (await openPipes(files)) ?? openFiles(files);
}

async function openPipes(files: readonly string[]): Promise<LogSinks | null> {
  const folder = await fifoFolder(files);
  if (folder === null) return null;
  const fds: number[] = [];
  const writers: Promise<void>[] = [];
  const close = () => {
    for (const fd of fds.splice(0)) closeSync(fd);
  };
  try {
    for (const [i, file] of files.entries()) {
      const { readEnd, writeEnd } = openBothEnds(join(folder, String(i)));
      fds.push(writeEnd);
      writers.push((await startWriter(file, readEnd)).ended);
    }
    return { fds: [...fds], close, logged: Promise.all(writers).then(() => undefined) };
  } catch (error) {
    close();
    if (error instanceof Error && "code" in error) return null;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * A private folder with a FIFO `0`, `1`… per file, on another disk than that of the files if there is one: it needs
 * room for a moment. Null where none can be made.
 */
async function fifoFolder(files: readonly string[]): Promise<string | null> {
  for (const parent of ["/dev/shm", tmpdir(), dirname(files[0] ?? "")]) {
    const folder = await mkdtemp(join(parent, "operate-pipes-")).catch(() => null); // not there, full or not ours
    if (folder === null) continue;
    try {
      await promisify(execFile)("mkfifo", ["-m", "600", ...files.map((_, i) => String(i))], { cwd: folder });
      return folder;
    } catch {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return null;
}

/** Opening an end of a FIFO waits for the other end, unless it is opened for reading without waiting first. */
function openBothEnds(fifo: string): { readEnd: number; writeEnd: number } {
  const first = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const writeEnd = openSync(fifo, constants.O_WRONLY);
    return { writeEnd, readEnd: openSync(fifo, constants.O_RDONLY) };
  } finally {
    closeSync(first);
  }
}

/**
 * In a session of its own and without any mark of the instance, so that it is neither signalled, measured nor ended
 * with it.
 */
async function startWriter(file: string, readEnd: number): Promise<{ ended: Promise<void> }> {
  try {
    const env = { PATH: `${process.env.PATH ?? "/usr/local/bin"}:/usr/bin:/bin`, LC_ALL: "C" };
    const child = spawn("/bin/sh", ["-c", WRITER, file, MISSING], {
      cwd: "/",
      env: env as unknown as NodeJS.ProcessEnv,
      detached: true,
      stdio: [readEnd, "ignore", "ignore"],
    });
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    await once(child, "spawn");
    return { ended };
  } finally {
    closeSync(readEnd);
  }
}

function openFiles(files: readonly string[]): LogSinks {
  const fds: number[] = [];
  const close = () => {
    for (const fd of fds.splice(0)) closeSync(fd);
  };
  for (const file of files) {
    try {
      fds.push(openSync(file, "a", 0o600));
    } catch (cause) {
      close();
      throw storageProblem(cause, file);
    }
  }
  return { fds: [...fds], close, logged: Promise.resolve() };
}
