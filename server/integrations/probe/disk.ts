import { statfs } from "node:fs/promises";
import { diskLevel, diskOf, diskSentence } from "../../agent/kernel/storage/disk.ts";
import type { ProbeResult } from "../../agent/ports/prober.ts";

const OUTCOME = { ok: "up", filling: "degraded", full: "down" } as const;

/** Degraded when the disk of the database fills, down when only the database's own reserve is left. */
export async function probeDisk(path: string): Promise<ProbeResult> {
  const startedAt = performance.now();
  const disk = diskOf(await statfs(path));
  const latencyMs = performance.now() - startedAt;
  return { outcome: OUTCOME[diskLevel(disk)], latencyMs, statusCode: null, message: diskSentence(disk) };
}
