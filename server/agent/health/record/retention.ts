import type { Runtime } from "../../kernel/context.ts";
import { deleteInBatches } from "../../kernel/storage/delete-in-batches.ts";
import { deleteExpired } from "./store-results.ts";

const HOUR_MS = 3_600_000;
const RAW_KEPT_MS = 24 * HOUR_MS;
const ROLLUPS_KEPT_MS = 90 * 24 * HOUR_MS;
const EVERY_MS = 10 * 60_000;
const BATCH = 20_000;

/** Deletes raw results older than 24 h, and rollups and changes older than 90 days; in batches, so that nothing waits. */
export async function deleteOldHealth(runtime: Pick<Runtime, "db" | "now">): Promise<number> {
  const nowMs = runtime.now().getTime();
  const before = { results: new Date(nowMs - RAW_KEPT_MS), rollups: new Date(nowMs - ROLLUPS_KEPT_MS) };
  return deleteInBatches(BATCH, (limit) => deleteExpired(runtime.db, before, limit));
}

/** Keeps history to its size, every ten minutes. Several workers may: what is gone is gone. */
export function startHealthRetention(
  runtime: Runtime,
  report: (message: string, error: unknown) => void = () => {},
): { stop(): Promise<void> } {
  let going = Promise.resolve();
  const run = () => {
    going = deleteOldHealth(runtime).then(
      () => {},
      (error) => report("old health results could not be deleted; tried again in ten minutes", error),
    );
  };
  const timer = setInterval(run, EVERY_MS);
  run();
  return {
    async stop() {
      clearInterval(timer);
      await going;
    },
  };
}
