import type { Stats } from "node:fs";
import { appendFile, readdir, readFile, rm, stat, statfs, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { LogLine } from "#server/agent/ports/instance-logs.ts";
import type { ServiceRef } from "#server/agent/ports/workloads.ts";
import { tellingLine } from "../instance/exit-reason.ts";
import { diskTakesNothing, storageProblem } from "../state/storage-problem.ts";
import { isErrorLine } from "./error-lines.ts";
import { GrowthMarks } from "./growth-marks.ts";
import { cutFile } from "./log-cut.ts";
import { type GrowthMark, readTail, timedLines } from "./log-tail.ts";

/**
 * The log files of all instances: `<instanceId>.out.log` and `.err.log`, bounded in size and number, and beside them
 * `<instanceId>.origin.json`, which says whose they are when the instance is gone.
 */

const LARGEST_FILE_BYTES = 8 * 1024 * 1024;
/** A process that cannot write its log has less than this. */
const FULL_BELOW_BYTES = 64 * 1024;
const LAST_LINES = 60;
const KEPT_GONE_MS = 24 * 3_600_000;
const KEPT_GONE_FILES = 600;
const ORIGIN = z.object({ service: z.string(), environment: z.string(), version: z.string() });
const STREAMS = { out: "stdout", err: "stderr" } as const;
type Kind = keyof typeof STREAMS;
const KINDS: Kind[] = ["out", "err"];

export interface InstanceOrigin extends ServiceRef {
  version: string;
}

export class LogStore {
  readonly #dir: string;
  readonly #largestFileBytes: number;
  readonly #marks = new GrowthMarks();
  /** where the log of the newest process begins */
  readonly #begins = new Map<string, number>();
  /** instances that started since they were last asked for */
  readonly #begun = new Map<string, InstanceOrigin>();
  /** whose note could not be written yet */
  readonly #unwritten = new Map<string, InstanceOrigin>();

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
      all.push(...timedLines(older.lines, STREAMS[kind], await this.marksOf(`${file}.1`), older.modifiedMs));
      all.push(...timedLines(current.lines, STREAMS[kind], await this.marksOf(file), current.modifiedMs));
    }
    return all.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).slice(-lines);
  }

  /** When a file was seen to grow up to where, oldest first. */
  marksOf(file: string): Promise<readonly GrowthMark[]> {
    return this.#marks.of(file);
  }

  /**
   * Notes whose log it is, and where that of a new process begins, behind that of the one before. A full disk is no
   * reason not to start: `watch` writes the note when there is room.
   * @throws PRECONDITION when the files cannot be written for another reason
   */
  async begin(instanceId: string, origin: InstanceOrigin): Promise<void> {
    this.#begun.set(instanceId, origin);
    await this.#writeOrigin(instanceId, origin);
    for (const kind of KINDS) {
      const file = this.file(instanceId, kind);
      try {
        // it is there from the start, also while nothing is printed
        await appendFile(file, "", { mode: 0o600 });
      } catch (cause) {
        if (!diskTakesNothing(cause)) throw storageProblem(cause, file);
      }
      this.#begins.set(file, (await sizeOf(file)) ?? 0);
    }
  }

  async #writeOrigin(instanceId: string, origin: InstanceOrigin): Promise<void> {
    const note = this.#originFile(instanceId);
    const text = JSON.stringify(origin);
    this.#unwritten.delete(instanceId);
    if ((await readFile(note, "utf8").catch(() => "")) === text) return; // a restart needs no room
    try {
      await writeFile(note, text, { mode: 0o600 });
    } catch (cause) {
      if (!diskTakesNothing(cause)) throw storageProblem(cause, note);
      this.#unwritten.set(instanceId, origin);
      await rm(note, { force: true }).catch(() => undefined); // half of one would be no note
    }
  }

  /** Whether nothing can be written any more where the logs are. */
  async diskFull(): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.#dir);
    return bavail * bsize < FULL_BELOW_BYTES;
  }

  /** What the newest process of an instance said that tells most, on stderr or as an error on stdout. */
  async lastWords(instanceId: string): Promise<{ said: string | null; diskFull: boolean }> {
    const diskFull = await this.diskFull();
    const said = tellingLine(await this.#newest(instanceId, "err"));
    if (said !== null) return { said, diskFull };
    const errors = (await this.#newest(instanceId, "out")).filter((text) => isErrorLine(text, "out"));
    return { said: tellingLine(errors), diskFull };
  }

  #originFile(instanceId: string): string {
    return join(this.#dir, `${instanceId}.origin.json`);
  }

  /** The instances that started since the last call, however short they ran. */
  takeBegun(): (InstanceOrigin & { instanceId: string })[] {
    const begun = [...this.#begun].map(([instanceId, origin]) => ({ instanceId, ...origin }));
    this.#begun.clear();
    return begun;
  }

  /** Instances whose files are kept and were written to since, other than those known. */
  async goneSince(sinceMs: number, known: ReadonlySet<string>): Promise<(InstanceOrigin & { instanceId: string })[]> {
    const gone: (InstanceOrigin & { instanceId: string })[] = [];
    for (const name of await readdir(this.#dir)) {
      const id = /^(.+)\.origin\.json$/.exec(name)?.[1];
      if (id === undefined || known.has(id)) continue;
      const written = await Promise.all(KINDS.map((kind) => stat(this.file(id, kind)).catch(() => null))); // pruned
      if (!written.some((info) => info !== null && info.mtimeMs >= sinceMs)) continue;
      const origin = ORIGIN.safeParse(jsonOf(await readFile(this.#originFile(id), "utf8").catch(() => "null")));
      if (origin.success) gone.push({ instanceId: id, ...origin.data });
    }
    return gone;
  }

  async #newest(instanceId: string, kind: Kind): Promise<string[]> {
    const file = this.file(instanceId, kind);
    const begin = this.#begins.get(file) ?? 0;
    const { lines } = await readTail(file, LAST_LINES);
    return lines.filter((line) => line.endByte > begin).map((line) => line.text);
  }

  async exists(instanceId: string): Promise<boolean> {
    return (await sizeOf(this.file(instanceId, "out"))) !== null;
  }

  /** Notes growth and cuts files that grew too large. To be called about once a second. */
  async watch(instanceIds: Iterable<string>): Promise<void> {
    const seen = new Set<string>();
    for (const [id, origin] of [...this.#unwritten]) await this.#writeOrigin(id, origin);
    for (const id of instanceIds) {
      for (const kind of KINDS) {
        const file = this.file(id, kind);
        seen.add(file);
        await this.#watchFile(file);
      }
    }
    this.#marks.keepOnly(seen);
    for (const file of this.#begins.keys()) if (!seen.has(file)) this.#begins.delete(file);
  }

  async #watchFile(file: string): Promise<void> {
    const info = await infoOf(file);
    if (info === null) return;
    await this.#marks.note(file, info);
    if (info.size <= this.#largestFileBytes) return;
    try {
      await cutFile(file, `${file}.1`);
    } catch (error) {
      if (diskTakesNothing(error)) return; // there is no room for the copy yet, and the file cannot grow either
      throw error;
    }
    await this.#marks.move(file, `${file}.1`);
    this.#begins.delete(file);
  }

  /** Deletes the files of instances that are gone for a day, or too many. Returns the ids of those whose files stay. */
  async prune(known: ReadonlySet<string>): Promise<Set<string>> {
    const kept = new Set<string>();
    const gone: { id: string; path: string; modifiedMs: number }[] = [];
    for (const name of await readdir(this.#dir)) {
      const id = /^(.+)\.(?:(?:out|err)\.log(?:\.1)?(?:\.marks)?|origin\.json)$/.exec(name)?.[1];
      if (id === undefined || known.has(id)) continue;
      const path = join(this.#dir, name);
      const info = await stat(path);
      gone.push({ id, path, modifiedMs: info.mtimeMs });
    }
    gone.sort((a, b) => b.modifiedMs - a.modifiedMs);
    const oldestMs = Date.now() - KEPT_GONE_MS;
    for (const [i, { id, path, modifiedMs }] of gone.entries())
      if (i >= KEPT_GONE_FILES || modifiedMs < oldestMs) await unlink(path);
      else kept.add(id);
    return kept;
  }
}

const sizeOf = async (file: string): Promise<number | null> => (await infoOf(file))?.size ?? null;

const infoOf = async (file: string): Promise<Stats | null> => {
  try {
    return await stat(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
};

/** Undefined for a file of which a full disk left only a part. */
const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
