import { systemActor } from "../../kernel/actor.ts";
import type { Runtime, Tx } from "../../kernel/context.ts";
import { AppError } from "../../kernel/errors.ts";
import type { DeploymentPlan } from "../run/procedure.ts";
import { beginning } from "../run/status-lines.ts";
import { type Ending, type EndReport, levelOf, recordEnd, recordStart, toldAs } from "./on-timeline.ts";
import { publishDeployment } from "./publish.ts";
import {
  type DeploymentPatch,
  type DeploymentRow,
  getDeploymentRow,
  isActive,
  lockDeployment,
  type NewEvent,
  patchDeployment,
  recordEvent,
  supersedeWatches,
} from "./store.ts";
import { listDecisions } from "./store-decisions.ts";
import { closeSteps, listSteps, patchStep, type StepPatch, type StepRow } from "./store-steps.ts";

/** How the record of a deployment begins and ends, and how it is written to in between. */

interface StepChange {
  index: number;
  patch: StepPatch;
}

/** Writes an event once, with what it makes of the deployment and of a step. */
export const note = (
  runtime: Runtime,
  plan: Pick<DeploymentPlan, "deploymentId">,
  event: NewEvent,
  patch: DeploymentPatch = {},
  step: StepChange | null = null,
): Promise<void> => runtime.db.$transaction((tx) => noteIn(runtime, tx, plan.deploymentId, event, patch, step));

/** The same within a transaction. */
export async function noteIn(
  runtime: Runtime,
  tx: Tx,
  id: string,
  event: NewEvent,
  patch: DeploymentPatch = {},
  step: StepChange | null = null,
): Promise<void> {
  const written = await recordEvent(tx, id, event, patch, runtime.now());
  if (!written) return;
  if (step) await patchStep(tx, id, step.index, step.patch);
  await publishDeployment(runtime, tx, await getDeploymentRow(tx, id));
}

/** Changes the status line of a deployment that has not ended; unchanged, it costs one read. */
export async function setSummary(
  runtime: Runtime,
  { deploymentId }: Pick<DeploymentPlan, "deploymentId">,
  summary: string,
): Promise<void> {
  if ((await getDeploymentRow(runtime.db, deploymentId)).summary === summary) return;
  await runtime.db.$transaction(async (tx) => {
    if (!isActive((await lockDeployment(tx, deploymentId)).status)) return;
    await patchDeployment(tx, deploymentId, { summary });
    await publishDeployment(runtime, tx, await getDeploymentRow(tx, deploymentId));
  });
}

/** Takes the deployment up. Null when there is nothing to do: it has ended, or was cancelled before it began. */
export async function begin(runtime: Runtime, id: string): Promise<DeploymentPlan | null> {
  const begun = await runtime.db.$transaction(async (tx) => {
    const before = await lockDeployment(tx, id);
    if (!isActive(before.status)) return null;
    if (before.status === "queued" && before.cancelRequested) {
      const summary = "Cancelled before it began; nothing was changed.";
      await endIn(runtime, tx, before, "cancelled", summary);
      return null;
    }
    const at = runtime.now();
    const { timeoutSeconds } = before.options;
    const deadlineAt = new Date(at.getTime() + timeoutSeconds * 1_000);
    const message = beginning(before, timeoutSeconds);
    const event = { key: "begun", level: "info", kind: "step", message } as const;
    await noteIn(runtime, tx, id, event, { status: "running", startedAt: at, deadlineAt, summary: message });
    await supersedeWatches(tx, before);
    const row = await getDeploymentRow(tx, id);
    await recordStart(tx, row);
    return { row, steps: await listSteps(tx, id) };
  });
  return begun && loadPlan(begun.row, begun.steps, runtime.now());
}

/** The plan of a deployment whose own procedure broke. Null when it has ended meanwhile. */
export async function takeUp(runtime: Runtime, id: string): Promise<DeploymentPlan | null> {
  const row = await getDeploymentRow(runtime.db, id);
  return isActive(row.status) ? loadPlan(row, await listSteps(runtime.db, id), runtime.now()) : null;
}

function loadPlan(row: DeploymentRow, steps: readonly StepRow[], now: Date): DeploymentPlan {
  const { id: deploymentId, service, environment, kind, strategy, version, previousVersion, options } = row;
  return {
    ...{ deploymentId, service, environment, kind, strategy, version, previousVersion, options },
    steps: steps.map(({ index, kind, title, weight, instances, phase, hook }) => ({
      ...{ index, kind, title, weight, instances, phase, hook },
    })),
    startedAt: (row.startedAt ?? now).getTime(),
    deadlineAt: row.deadlineAt.getTime(),
  };
}

/**
 * Ends the deployment unless it has ended; the service can be deployed again from then on. With `readUpTo`, not when
 * somebody cancelled it or called it back after that decision; returns whether it has ended.
 */
export async function end(
  runtime: Runtime,
  id: string,
  ending: Ending,
  summary: string,
  report: EndReport = toldAs(summary),
  readUpTo: number | null = null,
): Promise<boolean> {
  return runtime.db.$transaction(async (tx) => {
    const before = await lockDeployment(tx, id);
    if (!isActive(before.status)) return true;
    if (readUpTo !== null && (await isCalledBack(tx, before, readUpTo))) return false;
    await endIn(runtime, tx, before, ending, summary, report);
    return true;
  });
}

async function isCalledBack(tx: Tx, { id, cancelRequested }: DeploymentRow, readUpTo: number): Promise<boolean> {
  if (cancelRequested) return true;
  const unread = await listDecisions(tx, id, readUpTo);
  return unread.some(({ decision }) => decision === "abort" || decision === "rollback");
}

/** So that an entry says of which deployment it is. */
export const auditPlace = ({ service, version, environment }: DeploymentRow) => ({ service, version, environment });

async function endIn(
  runtime: Runtime,
  tx: Tx,
  before: DeploymentRow,
  ending: Ending,
  summary: string,
  report: EndReport = toldAs(summary),
): Promise<void> {
  const level = levelOf(ending);
  const at = runtime.now();
  const patch = { status: ending, summary, finishedAt: at, waiting: null, ...watchOf(before, ending, at) };
  await recordEnd(tx, { ...before, ...patch }, ending, at, report);
  await closeSteps(tx, before.id, at);
  await noteIn(runtime, tx, before.id, { key: "ended", level, kind: "decision", message: summary }, patch);
  await runtime.audit.record(
    tx,
    { actor: systemActor("deployments"), via: "worker", requestId: before.requestId },
    {
      action: "deployment.finish",
      target: { type: "deployment", id: before.id },
      before: { status: before.status },
      after: { status: ending, summary, ...auditPlace(before) },
    },
  );
}

/** A new version that took the place of another one is watched for a while. */
function watchOf(
  { kind, previousVersion, options }: DeploymentRow,
  ending: Ending,
  at: Date,
): Pick<DeploymentPatch, "watchState" | "watchUntil"> {
  const { watchSeconds } = options.rules;
  if (ending !== "succeeded" || kind !== "deploy" || previousVersion === null || watchSeconds === 0) return {};
  return { watchState: "watching", watchUntil: new Date(at.getTime() + watchSeconds * 1_000) };
}

/** Starts the watch over a deployment that ended so. Workers start what the queue did not take. */
export async function startWatch(runtime: Runtime, id: string): Promise<void> {
  const { watchState } = await getDeploymentRow(runtime.db, id);
  if (watchState !== "watching") return;
  try {
    await runtime.workflows.start("watch", id);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "UPSTREAM_UNAVAILABLE") throw error;
  }
}

/** Says that nobody watches any more, because the watch itself broke. */
export async function abandonWatch(runtime: Runtime, id: string): Promise<void> {
  await runtime.db.$transaction(async (tx) => {
    const before = await lockDeployment(tx, id);
    if (before.watchState !== "watching") return;
    const message = "Operate itself failed while it watched the new version; the log has the details";
    const event = { key: "watch-broke", level: "error", kind: "decision", message } as const;
    await noteIn(runtime, tx, id, event);
    await patchDeployment(tx, id, { watchState: null });
  });
}
