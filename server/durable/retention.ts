import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Logger } from "../telemetry/log.ts";
import { startPeriodic } from "./periodic.ts";

const KEEP_MS = 7 * 86_400_000;
const EVERY_MS = 3_600_000;
const BATCH = 100;

/** Deletes the bookkeeping of workflows that ended a week ago, in batches, every hour. Our own records stay. */
export const startWorkflowRetention = (log: Logger): { stop(): Promise<void> } =>
  startPeriodic("workflow retention", EVERY_MS, log, () => deleteFinished(new Date(Date.now() - KEEP_MS)));

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
