import type { Runtime } from "../../kernel/context.ts";
import { deleteInBatches } from "../../kernel/storage/delete-in-batches.ts";
import { FIXED_RETENTION } from "../../kernel/storage/retention.ts";
import { deleteExpired } from "./store-results.ts";

const EVERY_MS = 10 * 60_000;
const BATCH = 20_000;

/** Deletes raw results older than 24 h, and rollups and changes older than 90 days; in batches, so that nothing waits. */
export async function deleteOldHealth(runtime: Pick<Runtime, "db" | "now">): Promise<number> {
  const { healthResultsMs, healthRollupsMs } = FIXED_RETENTION;
  const nowMs = runtime.now().getTime();
  const before = { results: new Date(nowMs - healthResultsMs), rollups: new Date(nowMs - healthRollupsMs) };
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
