import { appendFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { diskTakesNothing } from "../state/storage-problem.ts";
import type { GrowthMark } from "./log-tail.ts";

/** When log files grew up to where, kept beside them as `<file>.marks`, so that a daemon that takes over knows it, too. */

const KEPT_MARKS = 600;
/** the times of files follow a clock that the kernel moves on in steps */
const CLOCK_STEP_MS = 10;

interface Known {
  marks: GrowthMark[];
  /** lines of the file; Infinity: it has to be written anew */
  lines: number;
}

const besideOf = (file: string): string => `${file}.marks`;
const textOf = (marks: readonly GrowthMark[]): string =>
  marks.map(({ endByte, atMs }) => `${endByte} ${Math.round(atMs)}\n`).join("");

export class GrowthMarks {
  readonly #known = new Map<string, Known>();

  /** Oldest first; none where nothing is known. */
  async of(file: string): Promise<readonly GrowthMark[]> {
    return (this.#known.get(file) ?? (await read(file))).marks;
  }

  /** Notes up to where a file has grown. What a full disk does not take is written with a later mark. */
  async note(file: string, { size, mtimeMs }: { size: number; mtimeMs: number }): Promise<void> {
    let known = this.#known.get(file) ?? (await read(file));
    // of another file, which was cut or removed meanwhile
    if ((known.marks.at(-1)?.endByte ?? 0) > size) known = { marks: [], lines: Number.POSITIVE_INFINITY };
    this.#known.set(file, known);
    if (known.marks.at(-1)?.endByte === size) return;
    // it may have grown long ago, while no daemon was there
    const mark = { endByte: size, atMs: Math.min(Date.now(), mtimeMs + CLOCK_STEP_MS) };
    known.marks.push(mark);
    if (known.marks.length > KEPT_MARKS) known.marks.shift();
    await write(file, known, mark);
  }

  /** The file was cut: what it held stands in `older`. */
  async move(file: string, older: string): Promise<void> {
    this.#known.delete(file);
    this.#known.delete(older);
    await rm(besideOf(older), { force: true });
    await rename(besideOf(file), besideOf(older)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }

  /** Keeps no other files in memory. */
  keepOnly(files: ReadonlySet<string>): void {
    for (const file of this.#known.keys()) if (!files.has(file)) this.#known.delete(file);
  }
}

async function read(file: string): Promise<Known> {
  const text = await readFile(besideOf(file), "latin1").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  // what a full disk or a crash left of a line is none
  const all = [...text.matchAll(/^(\d{1,15}) (\d{1,15})\n/gm)].map(([, endByte, atMs]) => ({
    endByte: Number(endByte),
    atMs: Number(atMs),
  }));
  return { marks: all.slice(-KEPT_MARKS), lines: text === textOf(all) ? all.length : Number.POSITIVE_INFINITY };
}

async function write(file: string, known: Known, mark: GrowthMark): Promise<void> {
  const anew = known.lines >= 2 * KEPT_MARKS;
  try {
    if (anew) await writeFile(besideOf(file), textOf(known.marks), { mode: 0o600 });
    else await appendFile(besideOf(file), textOf([mark]), { mode: 0o600 });
    known.lines = anew ? known.marks.length : known.lines + 1;
  } catch (error) {
    if (!diskTakesNothing(error)) throw error;
    known.lines = Number.POSITIVE_INFINITY;
  }
}
