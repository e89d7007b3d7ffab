import { DBOS } from "@dbos-inc/dbos-sdk";
import { abandonWatch, endDeployment, listActiveDeployments, listWatchedDeployments } from "../agent/deploy/index.ts";
import type { Runtime } from "../agent/kernel/context.ts";
import { startPeriodic } from "../agent/kernel/periodic.ts";
import type { Logger } from "../telemetry/log.ts";
import { recoveryWorkflowId, watchWorkflowId } from "./names.ts";

/** A request younger than this may still be on its way to the queue. */
const GRACE_MS = 2_000;
const EVERY_MS = 2_000;

const RUNNING: readonly string[] = ["PENDING", "ENQUEUED", "DELAYED"];

/**
 * Mends what a crash can leave between the record and the queue: an active deployment without a workflow is started,
 * and one whose workflow ended without closing the record is taken back; the same for the watch after its end.
 * Any number of workers may run it.
 */
export const startDeploymentSweep = (runtime: Runtime, log: Logger): { stop(): Promise<void> } =>
  startPeriodic(
    EVERY_MS,
    async () => {
      await sweepDeployments(runtime, log);
      await sweepWatches(runtime, log);
    },
    (err) => log.warn({ err }, "deployments that a crash left behind were not looked for; tried again in two seconds"),
  );

async function sweepDeployments(runtime: Runtime, log: Logger): Promise<void> {
  for (const id of await listActiveDeployments(runtime.db, new Date(runtime.now().getTime() - GRACE_MS))) {
    const workflow = await DBOS.getWorkflowStatus(id);
    if (!workflow) {
      await runtime.workflows.start("deployment", id);
      log.warn({ deployment: id }, "started a deployment that had not reached the queue");
    } else if (!RUNNING.includes(workflow.status)) {
      log.error({ deployment: id, workflow: workflow.status, err: workflow.error }, "a deployment's workflow broke");
      await recover(runtime, log, id);
    }
  }
}

async function recover(runtime: Runtime, log: Logger, id: string): Promise<void> {
  const recovery = await DBOS.getWorkflowStatus(recoveryWorkflowId(id));
  if (!recovery) return runtime.workflows.start("recovery", id);
  if (RUNNING.includes(recovery.status)) return;
  log.error({ deployment: id, workflow: recovery.status, err: recovery.error }, "the recovery of a deployment broke");
  const summary =
    "Operate itself failed while it carried this out; the log has the details. What runs now is on the service's page.";
  await endDeployment(runtime, id, "failed", summary);
}

async function sweepWatches(runtime: Runtime, log: Logger): Promise<void> {
  for (const id of await listWatchedDeployments(runtime.db)) {
    const workflow = await DBOS.getWorkflowStatus(watchWorkflowId(id));
    if (!workflow) {
      await runtime.workflows.start("watch", id); // twice is the same as once
    } else if (!RUNNING.includes(workflow.status)) {
      log.error({ deployment: id, workflow: workflow.status, err: workflow.error }, "a deployment's watch broke");
      await abandonWatch(runtime, id);
    }
  }
}
