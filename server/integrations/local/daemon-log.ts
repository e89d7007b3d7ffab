import { appendFileSync, statSync } from "node:fs";
import { appendFile, rename } from "node:fs/promises";

const MOST_BYTES = 5 * 2 ** 20;
/** characters that wait for a disk that takes nothing; what comes beyond is let go */
const MOST_WAITING = 2 ** 20;
/** pino's level of the last words of a process that ends: it would not live to see them written */
const LAST_WORDS = '"level":60,';

interface DaemonLog {
  write(line: string): void;
  /** Resolves when all lines so far are in the file, or were let go. */
  written(): Promise<void>;
}

/**
 * Where the daemon writes its lines by itself, since it outlives who started it: a file that is turned over at 5 MB
 * (one older one is kept). Traffic never waits for the disk: lines are written aside, and one that cannot be written,
 * as on a full disk, is let go.
 */
export function daemonLog(file: string): DaemonLog {
  let size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let waiting = "";
  let writing: Promise<void> | null = null;

  const writeAll = async () => {
    while (waiting !== "") {
      const text = waiting;
      waiting = "";
      try {
        if (size > MOST_BYTES) {
          await rename(file, `${file}.1`);
          size = 0;
        }
        await appendFile(file, text, { mode: 0o600 });
        size += Buffer.byteLength(text);
      } catch (error) {
        if (!(error instanceof Error && "code" in error)) throw error;
      }
    }
    writing = null;
  };

  return {
    write(line) {
      if (line.includes(LAST_WORDS)) {
        writeNow(file, waiting + line);
        waiting = "";
        return;
      }
      if (waiting.length > MOST_WAITING) return;
      waiting += line;
      writing ??= writeAll();
    },
    written: async () => {
      await writing;
    },
  };
}

function writeNow(file: string, text: string): void {
  try {
    appendFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}
