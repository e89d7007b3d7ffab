import type { Runtime } from "../kernel/context.ts";
import { deleteInBatches } from "../kernel/storage/delete-in-batches.ts";
import { deleteEndedIncidents } from "./store.ts";

const DAY_MS = 86_400_000;
const BATCH = 200;

/**
 * Deletes incidents that were resolved or closed before `monitoringConfig.retention.historyDays`, with their timeline.
 * @returns how many
 */
export async function deleteOldIncidents(runtime: Pick<Runtime, "db" | "config" | "now">): Promise<number> {
  const { historyDays } = runtime.config.monitoringConfig.retention;
  const before = new Date(runtime.now().getTime() - historyDays * DAY_MS);
  return deleteInBatches(BATCH, (limit) => deleteEndedIncidents(runtime.db, before, limit));
}
