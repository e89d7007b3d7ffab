import { constants } from "node:fs";
import { copyFile, link, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { diskTakesNothing } from "./storage-problem.ts";

/** Replaces a small file whole, also on a full disk: a spare file beside it has the room that the next write needs. */

interface Files {
  path: string;
  /** what `path` held before */
  previous: string;
}

const STEP_BYTES = 16_384;
/** A text may grow by half before it needs more room than its spare has. */
const roomFor = (bytes: number): number => Math.ceil((bytes * 1.5) / STEP_BYTES) * STEP_BYTES;

/**
 * The text is padded with spaces, written over the spare and synced. Then names alone change: the spare becomes the
 * file, the file becomes the previous one, and the previous one becomes the spare. A file system that writes nothing
 * in place, as Btrfs and ZFS, gives no such room.
 * @throws what the file system says; the file is as it was then
 */
export async function replaceFile({ path, previous }: Files, text: string): Promise<void> {
  const spare = `${path}.spare`;
  try {
    await writeSpare(spare, text, roomFor(Buffer.byteLength(text)));
  } catch (error) {
    if (!diskTakesNothing(error)) throw error;
    await rm(spare, { force: true }); // its own room may be enough
    await writeSpare(spare, text, 0);
  }
  await exchange({ path, previous, spare });
  await syncFolder(dirname(path));
  await reserve(spare, roomFor(Buffer.byteLength(text)));
}

async function writeSpare(spare: string, text: string, roomBytes: number): Promise<void> {
  // one that a crash left as a second name of another file must not be written over
  if (((await stat(spare).catch(() => null))?.nlink ?? 1) > 1) await rm(spare);
  const file = await open(spare, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    const { size } = await file.stat();
    const bytes = Buffer.byteLength(text);
    await writeAll(file, padded(text, bytes <= size ? size : Math.max(bytes + 1, roomBytes)));
    await file.sync();
  } finally {
    await file.close();
  }
}

const padded = (text: string, bytes: number): Buffer => {
  const content = Buffer.alloc(bytes, " ");
  content.write(text);
  if (bytes > Buffer.byteLength(text)) content.write("\n", bytes - 1);
  return content;
};

async function writeAll(file: Awaited<ReturnType<typeof open>>, content: Buffer, from = 0): Promise<void> {
  for (let at = 0; at < content.length; )
    at += (await file.write(content, at, content.length - at, from + at)).bytesWritten;
}

/** The file is there all the time. Where the disk takes no further name, an older previous one stays. */
async function exchange({ path, previous, spare }: Files & { spare: string }): Promise<void> {
  const [older, fresh] = [`${previous}.old`, `${previous}.tmp`];
  try {
    for (const name of [older, fresh]) await rm(name, { force: true });
    await link(previous, older).catch(() => undefined); // none yet, or a file system without links
    await link(path, fresh).catch(() => copyFile(path, fresh));
    await rename(fresh, previous);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error; // no file yet, or no room
  }
  await rename(spare, path);
  await rename(older, spare).catch(() => undefined);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What cannot be had now is asked for again by the next write. */
async function reserve(spare: string, bytes: number): Promise<void> {
  try {
    const file = await open(spare, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      const { size } = await file.stat();
      if (size >= bytes) return;
      await writeAll(file, Buffer.alloc(bytes - size, " "), size);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}
