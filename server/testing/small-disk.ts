import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A real disk that is soon full: a tmpfs of its own. */

/** Mounts one on a folder; returns how to take it away again. @param size as mount takes it: `64k`, `1m` */
export function mountSmallDisk(folder: string, size: string): () => void {
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder], { stdio: "ignore" });
  return () => execFileSync("umount", ["-l", folder]);
}

/** false without root, or in a container that may not */
export const canMount = ((): boolean => {
  const folder = mkdtempSync(join(tmpdir(), "operate-mount-"));
  try {
    mountSmallDisk(folder, "64k")();
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
})();

/** Fills what is left of a disk to the last byte. */
export function fillDisk(file: string): void {
  for (const size of [65_536, 4_096, 1])
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
}
