import { startPeriodic } from "../agent/kernel/periodic.ts";
import type { DurableWorkflow } from "../agent/ports/durable.ts";
import type { WorkflowQueue } from "../agent/ports/workflow-queue.ts";
import { WORKFLOWS } from "../agent/workflow-names.ts";
import type { Workflows } from "../agent/workflows.ts";

/** A request younger than this may still be on its way to the queue. */
const GRACE_MS = 2_000;
const EVERY_MS = 2_000;

const RUNNING: readonly string[] = ["PENDING", "ENQUEUED", "DELAYED"];

const MISSED = "records without their workflow were not looked for; tried again in two seconds";

type Say = (fields: object, message: string) => void;

interface Found {
  status: string;
  error?: unknown;
}

export interface SweepParts {
  workflows: Workflows;
  start: WorkflowQueue["start"];
  /** null: there is no workflow of that id */
  statusOf(workflowId: string): Promise<Found | null>;
  now: () => Date;
  log: { warn: Say; error: Say };
}

/**
 * Mends what a crash can leave between records and the queue: a record without its workflow gets it, and one whose
 * workflow ended without closing it is recovered or closed. Any number of workers may run it.
 */
export const startSweep = (parts: SweepParts): { stop(): Promise<void> } =>
  startPeriodic(
    EVERY_MS,
    () => sweepOnce(parts),
    (err) => parts.log.warn({ err }, MISSED),
  );

export async function sweepOnce(parts: SweepParts): Promise<void> {
  const before = new Date(parts.now().getTime() - GRACE_MS);
  for (const one of Object.values(parts.workflows)) {
    // what one capability cannot read keeps no other waiting
    await sweepRecords(parts, one, before).catch((err: unknown) =>
      parts.log.warn({ workflow: one.workflow, err }, MISSED),
    );
  }
}

async function sweepRecords(parts: SweepParts, one: DurableWorkflow, before: Date): Promise<void> {
  if (!one.listUnfinished) return;
  for (const id of await one.listUnfinished(before)) await mend(parts, one, id);
}

async function mend(parts: SweepParts, { workflow, subject, onBroken }: DurableWorkflow, id: string): Promise<void> {
  const { log, start, statusOf, workflows } = parts;
  const fields = { workflow, [subject]: id };
  const found = await statusOf(WORKFLOWS[workflow].idOf(id));
  if (!found) {
    await start(workflow, id); // twice is the same as once
    log.warn(fields, "started a workflow that had not reached the queue");
    return;
  }
  if (RUNNING.includes(found.status)) return;
  log.error({ ...fields, status: found.status, err: found.error }, "a workflow broke before it closed its record");
  if ("close" in onBroken) await onBroken.close(id);
  else await mend(parts, workflows[onBroken.recoverBy], id);
}
