import { open } from "node:fs/promises";

/** Counting what instances write at level error or worse, while they write it. */

/** A file that grew by more since the last look is counted to here; the rest is passed over. */
const MOST_BYTES = 256 * 1024;

/** pino's numbers: 50 is error, 60 fatal. */
const ERROR_LEVEL = 50;
const ERROR_WORDS = new Set(["error", "err", "fatal", "crit", "critical", "alert", "emerg", "panic"]);
const LOGFMT_LEVEL = /(?:^|\s)(?:level|lvl|severity)="?([A-Za-z]+)/;
/** `2026-03-01T10:00:00Z ERROR …`, `[error] …`, `ERROR: …` at the begin of a line */
const LEADING_LEVEL = /^(?:\[?[\d:.,TZ+\-/ ]{8,35}\]?\s+)?\[?(ERROR|FATAL|CRITICAL|PANIC|error|fatal|panic)\b/;

/** Whether a line says that something went wrong. On stderr a line that names no level counts. */
export function isErrorLine(text: string, stream: "out" | "err"): boolean {
  const level = levelOf(text);
  if (level !== null) return typeof level === "number" ? level >= ERROR_LEVEL : ERROR_WORDS.has(level.toLowerCase());
  if (LEADING_LEVEL.test(text)) return true;
  // the frames of a stack trace belong to the line before
  return stream === "err" && !/^\s/.test(text);
}

function levelOf(text: string): string | number | null {
  if (!text.startsWith("{")) return LOGFMT_LEVEL.exec(text)?.[1] ?? null;
  try {
    const line = JSON.parse(text) as Record<string, unknown>;
    const level = line.level ?? line.severity ?? line.lvl;
    return typeof level === "string" || typeof level === "number" ? level : null;
  } catch {
    return null; // a brace alone does not make it JSON
  }
}

/** Reads on in log files from where it stopped. */
export class ErrorLineCounter {
  #read = new Map<string, number>();

  /** Error lines added to a file since the last call; 0 the first time, when what was there before is passed over. */
  async countNew(path: string, stream: "out" | "err", fromStart: boolean): Promise<number> {
    const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (file === null) return 0;
    try {
      const { size } = await file.stat();
      const before = this.#read.get(path) ?? (fromStart ? 0 : size);
      const from = before > size ? 0 : before; // it was cut
      const length = Math.min(size - from, MOST_BYTES);
      if (length === 0) {
        this.#read.set(path, size);
        return 0;
      }
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
      const block = buffer.subarray(0, bytesRead);
      const end = block.lastIndexOf(10);
      // the rest of an unfinished line is read again, whole
      this.#read.set(path, size - from > MOST_BYTES ? size : from + end + 1);
      const lines = block.toString("utf8", 0, Math.max(0, end)).split("\n");
      return lines.filter((text) => text !== "" && isErrorLine(text, stream)).length;
    } finally {
      await file.close();
    }
  }

  /** Forgets files of instances that are gone. */
  keep(paths: ReadonlySet<string>): void {
    for (const path of this.#read.keys()) if (!paths.has(path)) this.#read.delete(path);
  }
}
