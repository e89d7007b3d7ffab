import { DBOS } from "@dbos-inc/dbos-sdk";
import { endDeployment, listActiveDeployments } from "../agent/deploy/index.ts";
import type { Runtime } from "../agent/kernel/context.ts";
import type { Logger } from "../telemetry/log.ts";
import { startPeriodic } from "./periodic.ts";

/** A request younger than this may still be on its way to the queue. */
const GRACE_MS = 2_000;
const EVERY_MS = 2_000;

/**
 * Mends what a crash can leave between the record and the queue: an active deployment without a workflow is started,
 * and one whose workflow ended without closing the record is closed as failed. Any number of workers may run it.
 */
export const startDeploymentSweep = (runtime: Runtime, log: Logger): { stop(): Promise<void> } =>
  startPeriodic("deployment sweep", EVERY_MS, log, async () => {
    for (const id of await listActiveDeployments(runtime.db, new Date(runtime.now().getTime() - GRACE_MS))) {
      const workflow = await DBOS.getWorkflowStatus(id);
      if (!workflow) {
        await runtime.workflows.start("deployment", id);
        log.warn({ deployment: id }, "started a deployment that had not reached the queue");
      } else if (!["PENDING", "ENQUEUED", "DELAYED"].includes(workflow.status)) {
        log.error({ deployment: id, workflow: workflow.status, err: workflow.error }, "a deployment's workflow broke");
        const summary =
          "Operate itself failed while it carried this out; the log has the details. What runs now is on the service's page.";
        await endDeployment(runtime, id, "failed", summary);
      }
    }
  });
