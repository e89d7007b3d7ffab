import { appendFileSync, renameSync, statSync } from "node:fs";

const MOST_BYTES = 5 * 2 ** 20;

/**
 * Where the daemon writes its lines by itself, since it outlives who started it: a file that is turned over at 5 MB
 * (one older one is kept). A line that cannot be written, as on a full disk, is let go; the traffic goes on.
 */
export function daemonLog(file: string): { write(line: string): void } {
  let size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return {
    write(line) {
      try {
        if (size > MOST_BYTES) {
          renameSync(file, `${file}.1`);
          size = 0;
        }
        appendFileSync(file, line, { mode: 0o600 });
        size += Buffer.byteLength(line);
      } catch (error) {
        if (!(error instanceof Error && "code" in error)) throw error;
      }
    },
  };
}
