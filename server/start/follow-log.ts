import { closeSync, openSync, readSync, statSync } from "node:fs";

const EVERY_MS = 500;
const MOST_BYTES = 64 * 1024;

/** Calls `read` with what is appended to a log file from now on; a file that was turned over is read from its start. */
export function followLog(file: string, read: (chunk: string) => void): { close(): void } {
  const sizeOf = () => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let at = sizeOf();
  const look = () => {
    const size = sizeOf();
    if (size < at) at = 0;
    if (size === at) return;
    const length = Math.min(size - at, MOST_BYTES);
    const buffer = Buffer.alloc(length);
    const fd = openSync(file, "r");
    try {
      const count = readSync(fd, buffer, 0, length, size - length);
      at = size;
      read(buffer.toString("utf8", 0, count));
    } finally {
      closeSync(fd);
    }
  };
  const timer = setInterval(() => {
    try {
      look();
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error; // turned over this very moment: the next look reads it
    }
  }, EVERY_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}
