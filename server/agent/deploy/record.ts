import { onDeploymentChange } from "../incidents/index.ts";
import { systemActor } from "../kernel/actor.ts";
import type { Runtime, Tx } from "../kernel/context.ts";
import { describeSeconds } from "../kernel/durations.ts";
import type { DeploymentPlan } from "./procedure.ts";
import { publishDeployment } from "./publish.ts";
import type { DeploymentStatus } from "./schema.ts";
import {
  type DeploymentOptions,
  type DeploymentPatch,
  type DeploymentRow,
  getDeploymentRow,
  isActive,
  lockDeployment,
  type NewEvent,
  recordEvent,
} from "./store.ts";

export type Ending = Extract<DeploymentStatus, "succeeded" | "rolled_back" | "failed" | "cancelled">;

/** Writes an event once, with what it makes of the deployment. */
export const note = (
  runtime: Runtime,
  plan: Pick<DeploymentPlan, "deploymentId">,
  event: NewEvent,
  patch: DeploymentPatch = {},
): Promise<void> => runtime.db.$transaction((tx) => noteIn(runtime, tx, plan.deploymentId, event, patch));

async function noteIn(runtime: Runtime, tx: Tx, id: string, event: NewEvent, patch: DeploymentPatch): Promise<void> {
  const written = await recordEvent(tx, id, event, patch, runtime.now());
  if (written) await publishDeployment(runtime, tx, await getDeploymentRow(tx, id));
}

/** Takes the deployment up. Null when there is nothing to do: it has ended, or was cancelled before it began. */
export async function begin(runtime: Runtime, id: string): Promise<DeploymentPlan | null> {
  const row = await runtime.db.$transaction(async (tx) => {
    const before = await lockDeployment(tx, id);
    if (!isActive(before.status)) return null;
    if (before.status === "queued" && before.cancelRequested) {
      await endIn(runtime, tx, before, "cancelled", "Cancelled before it began; nothing was changed.");
      return null;
    }
    const at = runtime.now();
    const { timeoutSeconds } = before.options;
    const deadlineAt = new Date(at.getTime() + timeoutSeconds * 1_000);
    const message = `Rolling from ${before.previousVersion ?? "nothing"} to ${before.version}, to be done within ${describeSeconds(timeoutSeconds)}`;
    const event = { key: "begun", level: "info", kind: "step", message } as const;
    await noteIn(runtime, tx, id, event, { status: "running", startedAt: at, deadlineAt, summary: message });
    return getDeploymentRow(tx, id);
  });
  if (!row) return null;
  const { service, environment, version, previousVersion, options, deadlineAt } = row;
  const plan = { deploymentId: id, service, environment, version, previousVersion, options };
  await onDeploymentChange(runtime, plan, "started", `Deployment of ${service} ${version} to ${environment} started`);
  return { ...plan, deadlineAt: deadlineAt.getTime() };
}

/** Decides to go back; returns until when, in milliseconds since 1970. */
export async function turnBack(runtime: Runtime, plan: DeploymentPlan, why: string, withinMs: number): Promise<number> {
  const message = `Going back to ${plan.previousVersion}: ${why}`;
  const event = { key: "turn-back", level: "warning", kind: "decision", message } as const;
  await note(runtime, plan, event, { status: "rolling_back", summary: message });
  return runtime.now().getTime() + withinMs;
}

/** Ends the deployment unless it has ended; the service can be deployed again from then on. */
export async function end(runtime: Runtime, id: string, ending: Ending, summary: string): Promise<void> {
  await runtime.db.$transaction(async (tx) => {
    const before = await lockDeployment(tx, id);
    if (isActive(before.status)) await endIn(runtime, tx, before, ending, summary);
  });
}

async function endIn(runtime: Runtime, tx: Tx, before: DeploymentRow, ending: Ending, summary: string): Promise<void> {
  const level = ending === "succeeded" ? "ok" : ending === "failed" ? "error" : "warning";
  const patch = { status: ending, summary, finishedAt: runtime.now() };
  await noteIn(runtime, tx, before.id, { key: "ended", level, kind: "decision", message: summary }, patch);
  await runtime.audit.record(
    tx,
    { actor: systemActor("deployments"), via: "worker", requestId: before.requestId },
    {
      action: "deployment.finish",
      target: { type: "deployment", id: before.id },
      before: { status: before.status },
      after: { status: ending, summary },
    },
  );
}
