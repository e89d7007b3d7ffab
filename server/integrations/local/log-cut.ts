import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { copyFile, rename } from "node:fs/promises";

/**
 * Empties a file that somebody appends to (O_APPEND: they go on at the new end) after its content was moved to `older`.
 * The bulk is copied aside; what was written meanwhile is copied in one go with the cut, so that as good as no moment
 * is left in which a line could be lost.
 */
export async function cutFile(file: string, older: string): Promise<void> {
  const copy = `${older}.new`;
  await copyFile(file, copy);
  const from = openSync(file, "r+");
  const to = openSync(copy, "r+");
  try {
    let at = fstatSync(to).size;
    const block = Buffer.alloc(64 * 1024);
    for (let read = readSync(from, block, 0, block.length, at); read > 0; ) {
      writeSync(to, block, 0, read, at);
      at += read;
      read = readSync(from, block, 0, block.length, at);
    }
    ftruncateSync(from, 0);
  } finally {
    closeSync(from);
    closeSync(to);
  }
  await rename(copy, older);
}
