import type { Runtime } from "../kernel/context.ts";
import { deleteInBatches } from "../kernel/storage/delete-in-batches.ts";
import { FIXED_RETENTION } from "../kernel/storage/retention.ts";
import { deleteEvents } from "./store.ts";

const DAY_MS = 86_400_000;
const BATCH = 5_000;

/**
 * Deletes events that are older than what reads them: deployments and incidents (`historyDays`), counts (`rollupsDays`),
 * and 90 days at least. Also those that a consumer never took. @returns how many
 */
export function deleteOldEvents({ db, config, now }: Pick<Runtime, "db" | "config" | "now">): Promise<number> {
  const { historyDays, rollupsDays } = config.monitoringConfig.retention;
  const keptMs = Math.max(FIXED_RETENTION.timelineLeastMs, historyDays * DAY_MS, rollupsDays * DAY_MS);
  const before = new Date(now().getTime() - keptMs);
  return deleteInBatches(BATCH, (limit) => deleteEvents(db, before, limit));
}
