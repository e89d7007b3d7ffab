import { open } from "node:fs/promises";
import { LONGEST_SECRET, placeToCut } from "#server/agent/kernel/confidential/confidential.ts";
import type { LogLine } from "#server/agent/ports/instance-logs.ts";

/** Reading the end of a log file and giving each line its time. */

const TAIL_BYTES = 512 * 1024;
/** in characters */
const LONGEST_LINE = 8_192;
/** of UTF-8 in a unit of UTF-16, at most */
const BYTES_PER_CHARACTER = 3;

/** Up to where a file had grown at a moment; lines that carry no time of their own get theirs from these. */
export interface GrowthMark {
  endByte: number;
  atMs: number;
}

export interface RawLine {
  text: string;
  /** offset behind its last byte */
  endByte: number;
}

/** The last lines of a file, oldest first; none when it does not exist. */
export async function readTail(path: string, lines: number): Promise<{ lines: RawLine[]; modifiedMs: number }> {
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (file === null) return { lines: [], modifiedMs: 0 };
  try {
    const { size, mtimeMs } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    const all = splitLines(buffer.subarray(0, bytesRead), start);
    // The first line of a cut block is the rest of one.
    return { lines: (start > 0 ? all.slice(1) : all).slice(-lines), modifiedMs: mtimeMs };
  } finally {
    await file.close();
  }
}

function splitLines(block: Buffer, startByte: number): RawLine[] {
  const lines: RawLine[] = [];
  for (let from = 0; from < block.length; ) {
    const newline = block.indexOf(10, from);
    const to = newline === -1 ? block.length : newline;
    const enough = from + (LONGEST_LINE + LONGEST_SECRET) * BYTES_PER_CHARACTER;
    const line = block.toString("utf8", from, Math.min(to, enough));
    const text = line.slice(0, placeToCut(line, LONGEST_LINE)).toWellFormed().trimEnd();
    if (line.trimEnd() !== "")
      lines.push({ text: line.length > LONGEST_LINE ? `${text} …` : text, endByte: startByte + to });
    from = to + 1;
  }
  return lines;
}

const LEADING_TIME = /^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d))/;
const TIME_KEYS = ["time", "timestamp", "ts", "@timestamp"];

/** The time a line states itself (a leading ISO 8601 time, or a field of a JSON object); null when it has none. */
export function ownTimeMs(text: string): number | null {
  const leading = LEADING_TIME.exec(text)?.[1];
  if (leading !== undefined) return validTime(leading.replace(",", "."));
  if (!text.startsWith("{")) return null;
  try {
    const line = JSON.parse(text) as Record<string, unknown>;
    for (const key of TIME_KEYS) if (key in line) return validTime(line[key]);
    return null;
  } catch {
    return null; // a brace alone does not make it JSON
  }
}

const validTime = (value: unknown): number | null => {
  if (typeof value !== "string" && typeof value !== "number") return null;
  // Seconds since 1970 stay below 1e11 until the year 5138.
  const ms = typeof value === "number" ? (value < 1e11 ? value * 1_000 : value) : Date.parse(value);
  return Number.isFinite(ms) && ms > 0 && ms < 8.64e15 ? ms : null;
};

/** Lines of one stream with their times: their own, else when the file was seen to grow past them. */
export function timedLines(
  raw: readonly RawLine[],
  stream: LogLine["stream"],
  marks: readonly GrowthMark[],
  modifiedMs: number,
): LogLine[] {
  return raw.map(({ text, endByte }) => {
    const atMs = ownTimeMs(text) ?? marks.find((mark) => mark.endByte >= endByte)?.atMs ?? modifiedMs;
    return { at: new Date(atMs).toISOString(), stream, text };
  });
}
