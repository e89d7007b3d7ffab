import { copyFile, readdir, stat, truncate, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { LogLine } from "#server/agent/ports/platform.ts";
import { type GrowthMark, readTail, timedLines } from "./log-tail.ts";

/** The log files of all instances: `<instanceId>.out.log` and `.err.log`, bounded in size and number. */

const LARGEST_FILE_BYTES = 8 * 1024 * 1024;
const KEPT_MARKS = 600;
const KEPT_GONE_MS = 24 * 3_600_000;
const KEPT_GONE_FILES = 400;
const STREAMS = { out: "stdout", err: "stderr" } as const;
type Kind = keyof typeof STREAMS;
const KINDS: Kind[] = ["out", "err"];

export class LogStore {
  readonly #dir: string;
  readonly #largestFileBytes: number;
  readonly #marks = new Map<string, GrowthMark[]>();

  constructor(dir: string, largestFileBytes: number = LARGEST_FILE_BYTES) {
    this.#dir = dir;
    this.#largestFileBytes = largestFileBytes;
  }

  file(instanceId: string, kind: Kind): string {
    return join(this.#dir, `${instanceId}.${kind}.log`);
  }

  /** The newest lines of both streams, oldest first. Works for an instance that is gone while its files are kept. */
  async tail(instanceId: string, lines: number): Promise<LogLine[]> {
    const all: LogLine[] = [];
    for (const kind of KINDS) {
      const file = this.file(instanceId, kind);
      const current = await readTail(file, lines);
      const missing = lines - current.lines.length;
      const older = missing > 0 ? await readTail(`${file}.1`, missing) : { lines: [], modifiedMs: 0 };
      all.push(...timedLines(older.lines, STREAMS[kind], [], older.modifiedMs));
      all.push(...timedLines(current.lines, STREAMS[kind], this.#marks.get(file) ?? [], current.modifiedMs));
    }
    return all.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).slice(-lines);
  }

  async lastErrorLine(instanceId: string): Promise<string | null> {
    const { lines } = await readTail(this.file(instanceId, "err"), 1);
    return lines[0]?.text ?? null;
  }

  async exists(instanceId: string): Promise<boolean> {
    return (await sizeOf(this.file(instanceId, "out"))) !== null;
  }

  /** Notes growth and cuts files that grew too large. To be called about once a second. */
  async watch(instanceIds: Iterable<string>): Promise<void> {
    const seen = new Set<string>();
    for (const id of instanceIds) {
      for (const kind of KINDS) {
        const file = this.file(id, kind);
        seen.add(file);
        await this.#watchFile(file);
      }
    }
    for (const file of this.#marks.keys()) if (!seen.has(file)) this.#marks.delete(file);
  }

  async #watchFile(file: string): Promise<void> {
    const size = await sizeOf(file);
    if (size === null) return;
    if (size > this.#largestFileBytes) {
      // The writer appends (O_APPEND), so after the cut it goes on at the new end.
      await copyFile(file, `${file}.1`);
      await truncate(file, 0);
      this.#marks.delete(file);
      return;
    }
    const marks = this.#marks.get(file) ?? [];
    if (marks.at(-1)?.endByte === size) return;
    marks.push({ endByte: size, atMs: Date.now() });
    if (marks.length > KEPT_MARKS) marks.shift();
    this.#marks.set(file, marks);
  }

  /** Deletes the files of instances that are gone for a day, or too many. */
  async prune(known: ReadonlySet<string>): Promise<void> {
    const gone: { path: string; modifiedMs: number }[] = [];
    for (const name of await readdir(this.#dir)) {
      const id = /^(.+)\.(?:out|err)\.log(?:\.1)?$/.exec(name)?.[1];
      if (id === undefined || known.has(id)) continue;
      const path = join(this.#dir, name);
      const info = await stat(path);
      gone.push({ path, modifiedMs: info.mtimeMs });
    }
    gone.sort((a, b) => b.modifiedMs - a.modifiedMs);
    const oldestMs = Date.now() - KEPT_GONE_MS;
    for (const [i, { path, modifiedMs }] of gone.entries())
      if (i >= KEPT_GONE_FILES || modifiedMs < oldestMs) await unlink(path);
  }
}

const sizeOf = async (file: string): Promise<number | null> => {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
};
