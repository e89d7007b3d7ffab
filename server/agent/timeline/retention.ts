import type { Runtime } from "../kernel/context.ts";
import { deleteInBatches } from "../kernel/storage/delete-in-batches.ts";
import { deleteEvents } from "./store.ts";

const DAY_MS = 86_400_000;
const LEAST_DAYS = 90;
const BATCH = 5_000;

/**
 * Deletes events that are older than what reads them: deployments and incidents (`historyDays`), counts (`rollupsDays`),
 * and 90 days at least. Also those that a consumer never took. @returns how many
 */
export function deleteOldEvents({ db, config, now }: Pick<Runtime, "db" | "config" | "now">): Promise<number> {
  const { historyDays, rollupsDays } = config.monitoringConfig.retention;
  const before = new Date(now().getTime() - Math.max(LEAST_DAYS, historyDays, rollupsDays) * DAY_MS);
  return deleteInBatches(BATCH, (limit) => deleteEvents(db, before, limit));
}
