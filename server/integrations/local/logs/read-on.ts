import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { LONGEST_SECRET, placeToCut } from "#server/agent/kernel/confidential/confidential.ts";
import type { GrowthMark } from "./log-tail.ts";

/** Reading a log file from where it was read before, across the cuts that keep it small. */

/** of one stream in one round, so that a loud one leaves room for the others */
export const MOST_PER_STREAM = 512 * 1024;
const LONGEST_LINE = 64 * 1024;
const PRINT_BYTES = 64;

interface Wanted {
  /** what it held before it was last cut stands in `<file>.1` */
  file: string;
  cursor: string | undefined;
  /** when the file, or the one before it, was seen to grow; asked for when there is something to read */
  marksOf(file: string): Promise<readonly GrowthMark[]>;
  /** nothing is written any more: an unfinished last line is a line */
  complete: boolean;
  maxBytes: number;
}

interface Read {
  lines: { at: string; text: string; cursor: string }[];
  bytes: number;
  /** there is more than `maxBytes` allowed */
  more: boolean;
}

/**
 * A cursor is an offset and a checksum of the bytes before it, so that it names a place in what was written, not in
 * whichever file is there now: one that does not fit the file is looked for in the one before. When it is in neither,
 * the file was cut twice, and reading goes on with the oldest that is kept.
 */
export async function readOn({ file, cursor, marksOf, complete, maxBytes }: Wanted): Promise<Read> {
  const current = await openFile(file);
  if (!current) return { lines: [], bytes: 0, more: false };
  const marks = () => marksOf(file);
  const offset = cursor === undefined ? 0 : Number(cursor.split(".")[0]);
  try {
    if (cursor !== undefined && (await fits(current, cursor)))
      return await readLines(current, offset, { marks, complete, maxBytes });
    const older = await openFile(`${file}.1`);
    if (!older) return await readLines(current, 0, { marks, complete, maxBytes });
    try {
      const known = cursor !== undefined && (await fits(older, cursor));
      const rest = await readLines(older, known ? offset : 0, {
        marks: () => marksOf(`${file}.1`),
        complete: true,
        maxBytes,
      });
      if (rest.more) return rest;
      const fresh = await readLines(current, 0, { marks, complete, maxBytes: Math.max(1, maxBytes - rest.bytes) });
      return { lines: [...rest.lines, ...fresh.lines], bytes: rest.bytes + fresh.bytes, more: fresh.more };
    } finally {
      await older.close();
    }
  } finally {
    await current.close();
  }
}

const openFile = (path: string): Promise<FileHandle | null> =>
  open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });

const print = (block: Uint8Array): string => crc32(block).toString(16).padStart(8, "0");

async function fits(handle: FileHandle, cursor: string): Promise<boolean> {
  const [at = "", expected = ""] = cursor.split(".");
  const offset = Number(at);
  if (!Number.isSafeInteger(offset) || offset < 1 || (await handle.stat()).size < offset) return false;
  const length = Math.min(PRINT_BYTES, offset);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset - length);
  return bytesRead === length && print(buffer) === expected;
}

async function readLines(
  handle: FileHandle,
  offset: number,
  {
    marks: marksOf,
    complete,
    maxBytes,
  }: Pick<Wanted, "complete" | "maxBytes"> & {
    marks: () => Promise<readonly GrowthMark[]>;
  },
): Promise<Read> {
  const { size, mtimeMs } = await handle.stat();
  const overlap = Math.min(PRINT_BYTES, offset);
  // one whole line at least, however little room there is
  const wanted = Math.min(size - offset, Math.max(maxBytes, LONGEST_LINE + LONGEST_SECRET + 1));
  if (wanted <= 0) return { lines: [], bytes: 0, more: false };
  const marks = await marksOf();
  const { buffer, bytesRead } = await handle.read(
    Buffer.alloc(overlap + wanted),
    0,
    overlap + wanted,
    offset - overlap,
  );
  const block = buffer.subarray(0, bytesRead);
  const reachesEnd = offset - overlap + bytesRead >= size;
  const lines: Read["lines"] = [];
  let from = overlap;
  let mark = 0;
  while (from < block.length) {
    const end = lineEnd(block, from, complete && reachesEnd);
    if (end === null) break;
    const text = block.toString("utf8", from, end).trimEnd();
    const behind = offset - overlap + end;
    while (mark < marks.length && (marks[mark]?.endByte ?? 0) < behind) mark++;
    const atMs = marks[mark]?.atMs ?? mtimeMs;
    const cursor = `${behind}.${print(block.subarray(Math.max(0, end - PRINT_BYTES), end))}`;
    lines.push({ at: new Date(atMs).toISOString(), text, cursor });
    from = end;
  }
  return { lines, bytes: from - overlap, more: !reachesEnd };
}

/** Behind the newline, or behind the part of a line that is too long; null while a line is not finished. */
function lineEnd(block: Buffer, from: number, complete: boolean): number | null {
  const newline = block.indexOf(10, from);
  if (newline !== -1 && newline - from <= LONGEST_LINE) return newline + 1;
  const isLonger = block.length - from > LONGEST_LINE;
  // what stands around the cut must be there, for no secret to be cut in two
  if (isLonger && (complete || newline !== -1 || block.length - from > LONGEST_LINE + LONGEST_SECRET))
    return placeInLine(block, from, from + LONGEST_LINE);
  return complete ? block.length : null;
}

/** Moves a cut back to where it parts neither a character nor a confidential value. */
function placeInLine(block: Buffer, from: number, cut: number): number {
  const end = wholeCharacter(block, from, cut);
  const start = wholeCharacter(block, from, Math.max(from, end - LONGEST_SECRET));
  const before = block.toString("utf8", start, end);
  const around = before + block.toString("utf8", end, end + LONGEST_SECRET);
  const place = start + Buffer.byteLength(around.slice(0, placeToCut(around, before.length)));
  return place > from ? place : end; // a line is read on with at least one character
}

/** Moves a cut back to the begin of a UTF-8 character. */
function wholeCharacter(block: Buffer, from: number, cut: number): number {
  let at = cut;
  while (at > from + 1 && ((block[at] ?? 0) & 0xc0) === 0x80) at--;
  return at;
}
