import type { Runtime } from "../../kernel/context.ts";
import { deleteInBatches } from "../../kernel/storage/delete-in-batches.ts";
import { FIXED_RETENTION } from "../../kernel/storage/retention.ts";
import { deleteEndedDeployments } from "./store-history.ts";

const DAY_MS = 86_400_000;
const BATCH = 200;

/**
 * Deletes deployments that ended before `monitoringConfig.retention.historyDays`, with their events, steps, decisions
 * and analyses; the newest 50 of each service and environment stay. The audit log keeps who asked for them.
 * @returns how many
 */
export async function deleteOldDeployments(runtime: Pick<Runtime, "db" | "config" | "now">): Promise<number> {
  const { historyDays } = runtime.config.monitoringConfig.retention;
  const before = new Date(runtime.now().getTime() - historyDays * DAY_MS);
  const keep = FIXED_RETENTION.deploymentsOfEach;
  return deleteInBatches(BATCH, (limit) => deleteEndedDeployments(runtime.db, { before, keep, limit }));
}
