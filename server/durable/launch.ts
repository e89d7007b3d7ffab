import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Runtime } from "../agent/kernel/context.ts";
import { WORKFLOWS } from "../agent/workflow-names.ts";
import { allWorkflows } from "../agent/workflows.ts";
import { patiently } from "../db/patience.ts";
import type { Logger } from "../telemetry/log.ts";
import { dbosDurable } from "./dbos-durable.ts";
import { dbosLogger } from "./dbos-log.ts";
import { Lease } from "./lease.ts";
import type { LeaseTimes } from "./lease-times.ts";
import { APPLICATION, APPLICATION_VERSION, QUEUE } from "./names.ts";
import { startWorkflowRetention } from "./retention.ts";
import { startSweep } from "./sweep.ts";

interface LaunchOptions {
  /** of this boot, see `newExecutorId` */
  id: string;
  url: string;
  log: Logger;
  times: LeaseTimes;
  /** ends the process at once, without a farewell */
  onFenced?: () => void;
}

/**
 * Makes this process a worker: registers the workflows, runs what is queued, and takes over what other workers left.
 * Once per process. `stop` leaves running workflows pending for the next worker.
 */
export async function launchDurable(
  runtime: Runtime,
  { id, url, log, times, onFenced = () => process.exit(1) }: LaunchOptions,
): Promise<{ stop(): Promise<void> }> {
  const lease = new Lease({ id, url, log, times, onFenced });
  const workflows = allWorkflows(runtime);
  for (const { workflow, subject, run } of Object.values(workflows)) {
    const durable = dbosDurable(lease, subject);
    DBOS.registerWorkflow((id: string) => run(durable, id), { name: WORKFLOWS[workflow].name });
  }
  DBOS.setConfig({
    name: APPLICATION,
    systemDatabaseUrl: url,
    systemDatabasePoolSize: 10,
    executorID: id,
    applicationVersion: APPLICATION_VERSION,
    logger: dbosLogger(),
    enableOTLP: false,
  });
  await lease.start();
  await DBOS.launch();
  await patiently(() => DBOS.setLatestApplicationVersion(APPLICATION_VERSION));
  await patiently(() =>
    DBOS.registerQueue(QUEUE, { workerConcurrency: 50, minPollingIntervalMs: 500, onConflict: "always_update" }),
  );
  await lease.follow();
  const sweep = startSweep({
    ...{ workflows, log, now: runtime.now, statusOf: (workflowId) => DBOS.getWorkflowStatus(workflowId) },
    start: (workflow, id) => runtime.workflows.start(workflow, id),
  });
  const parts = [sweep, startWorkflowRetention(log)];
  log.info({ executor: id }, "durable workflows run here");
  return {
    stop: async () => {
      await Promise.all(parts.map((part) => part.stop()));
      await lease.halt();
      await DBOS.shutdown();
      await lease.leave();
    },
  };
}
