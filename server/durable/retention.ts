import { DBOS } from "@dbos-inc/dbos-sdk";
import { startPeriodic } from "../agent/kernel/periodic.ts";
import { FIXED_RETENTION } from "../agent/kernel/storage/retention.ts";
import type { Logger } from "../telemetry/log.ts";

const EVERY_MS = 3_600_000;
const BATCH = 100;

/** Deletes the bookkeeping of workflows that ended 20 hours ago, in batches, every hour. Our own records stay. */
export const startWorkflowRetention = (log: Logger): { stop(): Promise<void> } =>
  startPeriodic(
    EVERY_MS,
    () => deleteFinished(new Date(Date.now() - FIXED_RETENTION.workflowsMs)),
    (err) => log.warn({ err }, "what is left of old workflows was not deleted; tried again in an hour"),
  );

/** Deletes every workflow that ended before `before`, with its steps and messages. */
export async function deleteFinished(before: Date): Promise<void> {
  for (;;) {
    const finished = await DBOS.listWorkflows({
      status: ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
      completedBefore: before.toISOString(),
      limit: BATCH,
      loadInput: false,
      loadOutput: false,
    });
    if (finished.length === 0) return;
    await DBOS.deleteWorkflows(
      finished.map((one) => one.workflowID),
      true,
    );
  }
}
