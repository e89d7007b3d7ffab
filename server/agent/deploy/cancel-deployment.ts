import type { z } from "zod";
import { incidentsOfDeployments } from "../incidents/index.ts";
import type { AgentContext, Tx } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { performWrite } from "../kernel/perform.ts";
import { publishDeployment } from "./publish.ts";
import type { CancelDeploymentInput, DeploymentView } from "./schema.ts";
import { type DeploymentRow, isActive, lockDeployment, recordEvent, toView } from "./store.ts";

/**
 * Asks a deployment to stop and to return to the version before; it does so by itself and ends `cancelled`. Asking
 * twice is the same as once.
 * @throws FORBIDDEN without deployment.write, NOT_FOUND, PRECONDITION when it has ended or is rolling back already.
 */
export async function cancelDeployment(
  ctx: AgentContext,
  input: z.input<typeof CancelDeploymentInput>,
): Promise<DeploymentView> {
  const { deploymentId } = input;
  const write = {
    action: "deployment.cancel",
    permission: "deployment.write",
    target: { type: "deployment", id: deploymentId },
    input,
  } as const;
  const deployment = await performWrite(ctx, write, (tx) => requestCancel(ctx, tx, deploymentId, input.reason ?? ""));
  try {
    await ctx.workflows.nudge(deploymentId);
  } catch (error) {
    // it looks at its record by itself within seconds; the nudge only spares the wait
    if (!(error instanceof AppError) || error.code !== "UPSTREAM_UNAVAILABLE") throw error;
  }
  const incidents = await incidentsOfDeployments(ctx.db, [deploymentId]);
  return toView(deployment, incidents.get(deploymentId) ?? null);
}

async function requestCancel(ctx: AgentContext, tx: Tx, id: string, reason: string): Promise<DeploymentRow> {
  const before = await lockDeployment(tx, id);
  refuse(before);
  if (before.cancelRequested) return before;
  const message = `${ctx.actor.name} cancelled it${reason ? `: ${reason}` : ""}`;
  const event = { key: "cancel-requested", level: "warning", kind: "decision", message } as const;
  await recordEvent(tx, id, event, { cancelRequested: true }, ctx.now());
  await ctx.audit.record(tx, ctx, {
    action: "deployment.cancel",
    target: { type: "deployment", id },
    before: { status: before.status, cancelRequested: false },
    after: { status: before.status, cancelRequested: true, reason },
  });
  await publishDeployment(ctx, tx, before);
  return { ...before, cancelRequested: true };
}

function refuse({ id, status, previousVersion }: DeploymentRow): void {
  const details = { deploymentId: id, status };
  if (!isActive(status))
    throw new AppError("PRECONDITION", `${id} has ended (${status.replace("_", " ")}); there is nothing to cancel.`, {
      details,
    });
  if (status === "rolling_back")
    throw new AppError("PRECONDITION", `${id} is already going back to ${previousVersion ?? "the version before"}.`, {
      details,
    });
}
