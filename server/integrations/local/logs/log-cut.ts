import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { copyFile, open, rename, rm } from "node:fs/promises";

const BLOCK_BYTES = 64 * 1024;
/** a file that grows faster than it is copied is cut with what is left then */
const MOST_ROUNDS = 1_000;

/**
 * Empties a file that somebody appends to (O_APPEND: they go on at the new end) after its content was moved to `older`.
 * The bulk is copied aside; only the last block is copied in one go with the cut, so that as good as no moment is left
 * in which a line could be lost, and nothing else waits long for the disk.
 */
export async function cutFile(file: string, older: string): Promise<void> {
  const copy = `${older}.new`;
  try {
    await copyAndEmpty(file, copy);
  } catch (error) {
    await rm(copy, { force: true }); // on a full disk half a copy would only take room
    throw error;
  }
  await rename(copy, older);
}

async function copyAndEmpty(file: string, copy: string): Promise<void> {
  await copyFile(file, copy);
  await copyGrowth(file, copy);
  const from = openSync(file, "r+");
  const to = openSync(copy, "r+");
  try {
    let at = fstatSync(to).size;
    const block = Buffer.alloc(BLOCK_BYTES);
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
}

/** Copies what was appended meanwhile, until less than a block is left. */
async function copyGrowth(file: string, copy: string): Promise<void> {
  const from = await open(file, "r");
  const to = await open(copy, "r+").catch(async (error: unknown) => {
    await from.close();
    throw error;
  });
  try {
    const block = Buffer.alloc(BLOCK_BYTES);
    let at = (await to.stat()).size;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const { bytesRead } = await from.read(block, 0, block.length, at);
      if (bytesRead < block.length) return;
      await to.write(block, 0, bytesRead, at);
      at += bytesRead;
    }
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
}
