import type { AgentContext, Tx } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { performWrite } from "../kernel/perform.ts";
import { authorize } from "../kernel/permissions.ts";
import { describePlan, previousVersionOf, refuseWhatRuns, resolveTarget, type Target } from "./plan.ts";
import { publishDeployment } from "./publish.ts";
import { DeployApplicationInput, type DeploymentView } from "./schema.ts";
import { type DeploymentRow, findActive, insertDeployment, recordEvent, toView } from "./store.ts";

export interface DeployResult {
  dryRun: boolean;
  /** what will happen, step by step, and how to undo it */
  plan: string[];
  /** null for a dry run */
  deployment: DeploymentView | null;
}

interface Prepared {
  target: Target;
  previous: string | null;
  plan: string[];
}

/**
 * Starts a rolling deployment and returns its handle at once; a dry run checks the same and starts nothing.
 * @throws FORBIDDEN without deployment.write, INVALID, NOT_FOUND for what is not configured, PRECONDITION when the
 * version runs everywhere, CONFLICT (`details.deploymentId`) while another one is active, UPSTREAM_UNAVAILABLE when
 * the platform cannot be reached.
 */
export async function deployApplication(ctx: AgentContext, given: DeployApplicationInput): Promise<DeployResult> {
  const input = DeployApplicationInput.parse(given);
  if (input.dryRun) {
    authorize(ctx, "deployment.write");
    const { plan, target } = await prepare(ctx, input);
    const active = await findActive(ctx.db, target.service, target.environment);
    if (active) throw activeAlready(active);
    return { dryRun: true, plan, deployment: null };
  }
  const write = { action: "deployment.start", permission: "deployment.write", input } as const;
  let prepared: Prepared;
  try {
    authorize(ctx, write.permission);
    prepared = await prepare(ctx, input); // asks the platform, so outside of the transaction
  } catch (error) {
    return performWrite(ctx, write, () => Promise.reject(error)); // records the refusal
  }
  const deployment = await performWrite(ctx, write, (tx) => insert(ctx, tx, input.strategy, prepared));
  await startWorkflow(ctx, deployment.id);
  return { dryRun: false, plan: prepared.plan, deployment: toView(deployment, null) };
}

async function prepare(ctx: AgentContext, input: Parameters<typeof resolveTarget>[1]): Promise<Prepared> {
  const target = resolveTarget(ctx.config, input);
  const { instances } = await ctx.platform.getService(target);
  const active = await findActive(ctx.db, target.service, target.environment);
  if (active) throw activeAlready(active);
  refuseWhatRuns(ctx.config, target, instances);
  const previous = previousVersionOf(instances, target.version);
  return { target, previous, plan: describePlan(ctx.config, target, previous, instances.length) };
}

async function insert(ctx: AgentContext, tx: Tx, strategy: string, prepared: Prepared): Promise<DeploymentRow> {
  const { target, previous, plan } = prepared;
  const { service, environment, version, options } = target;
  const at = ctx.now();
  const summary = "Waiting for a worker";
  const made = { service, environment, strategy, version, previousVersion: previous, options, summary };
  const deployment = await insertDeployment(tx, made, ctx, at);
  if (!deployment) throw activeAlready(await findActive(tx, service, environment));
  const message = `${ctx.actor.name} asked for ${service} ${version} in ${environment}${previous ? `, from ${previous}` : ""}`;
  await recordEvent(
    tx,
    deployment.id,
    { key: "requested", level: "info", kind: "decision", message, detail: { plan } },
    {},
    at,
  );
  await ctx.audit.record(tx, ctx, {
    action: "deployment.start",
    target: { type: "deployment", id: deployment.id },
    before: { version: previous },
    after: toView(deployment, null),
  });
  await publishDeployment(ctx, tx, deployment);
  return deployment;
}

/** The record is what counts: a worker starts what is queued without a workflow, so an unreachable queue only delays. */
async function startWorkflow(ctx: AgentContext, id: string): Promise<"started" | "left to the workers"> {
  try {
    await ctx.workflows.start("deployment", id);
    return "started";
  } catch (error) {
    if (error instanceof AppError && error.code === "UPSTREAM_UNAVAILABLE") return "left to the workers";
    throw error;
  }
}

function activeAlready(active: DeploymentRow | null): AppError {
  if (!active)
    return new AppError("CONFLICT", "Another deployment was active a moment ago and has just ended. Try again.");
  return new AppError(
    "CONFLICT",
    `${active.service} in ${active.environment} is already being deployed: ${active.id} to ${active.version}. Wait for it or cancel it.`,
    { details: { deploymentId: active.id, version: active.version, status: active.status } },
  );
}
