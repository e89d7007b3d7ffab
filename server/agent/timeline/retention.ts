import type { Runtime } from "../kernel/context.ts";
import { deleteInBatches } from "../kernel/storage/delete-in-batches.ts";
import { deleteEvents } from "./store.ts";

const KEPT_MS = 90 * 86_400_000;
const BATCH = 5_000;

/** Deletes events older than 90 days, also those that a consumer never took. @returns how many */
export const deleteOldEvents = (runtime: Pick<Runtime, "db" | "now">): Promise<number> =>
  deleteInBatches(BATCH, (limit) => deleteEvents(runtime.db, new Date(runtime.now().getTime() - KEPT_MS), limit));
