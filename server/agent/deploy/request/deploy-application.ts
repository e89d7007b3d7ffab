import { overrideObstacles, refuseObstacles } from "../../actions/obstacles.ts";
import { requestAction } from "../../actions/request-action.ts";
import type { AgentContext, Tx } from "../../kernel/context.ts";
import { type Changed, defineWrite } from "../../kernel/perform.ts";
import { authorize } from "../../kernel/permissions.ts";
import { checkLock, checkPolicy } from "../../policy/index.ts";
import { previousVersionOf, refuseWhatRuns, resolveTarget } from "../plan/plan.ts";
import { refuseFullDisk } from "../plan/plan-warnings.ts";
import type { Planned } from "../plan/planned.ts";
import { stepsOf } from "../plan/planned-steps.ts";
import { versionHistory } from "../plan/version-history.ts";
import { type DeploymentRow, toView } from "../record/store.ts";
import { DeployApplicationInput } from "../schema.ts";
import {
  type DeployResult,
  deployResult,
  describePlan,
  insertPrepared,
  type Prepared,
  refuseActive,
  startWorkflow,
} from "./launch.ts";

/**
 * Starts a deployment and returns its handle at once; a dry run checks the same and starts nothing.
 * @throws FORBIDDEN without deployment.write, or for an overrideReason without deployment.override.write; INVALID and
 * NOT_FOUND for what is not configured; PRECONDITION when the version runs everywhere, or when a lock, a freeze window
 * or a wave forbids it (`details.reason`: locked, frozen, wave); CONFLICT (`details.deploymentId`) while another one is
 * active; UPSTREAM_UNAVAILABLE when the platform cannot be reached.
 */
export const deployApplication = defineWrite(
  "deployment.write",
  async (ctx, given: DeployApplicationInput): Promise<DeployResult> => {
    const input = DeployApplicationInput.parse(given);
    const write = { action: "deployment.start", input } as const;
    const { prepared, record } = await requestAction(ctx, write, {
      dryRun: input.dryRun,
      prepare: () => prepare(ctx, input),
      insert: (tx, ready) => insert(ctx, tx, ready, input.reason),
      start: ({ id }) => startWorkflow(ctx, id),
    });
    return deployResult(prepared, record);
  },
);

type DeployRequest = ReturnType<typeof DeployApplicationInput.parse>;

async function prepare(ctx: AgentContext, input: DeployRequest): Promise<Prepared> {
  if (input.overrideReason !== undefined) authorize(ctx, "deployment.override.write");
  const target = resolveTarget(ctx.config, input);
  const { service, environment, version, strategy, options, committedAt } = target;
  const { instances } = await ctx.platform.workloads.getService(target);
  await refuseActive(ctx, target);
  refuseWhatRuns(ctx.config, target, instances);
  const question = { action: "deploy", service, environment, version, at: ctx.now() } as const;
  const { obstacles, notes } = await checkPolicy(ctx, question, versionHistory(ctx));
  const override = overrideObstacles("deploy", obstacles, input.overrideReason);
  const previousVersion = previousVersionOf(instances, version);
  const wanted = options.instances;
  const steps = stepsOf({ strategy, version, previousVersion, instances: wanted, rules: options.rules });
  const made = { service, environment, kind: "deploy", strategy, version, previousVersion, options, steps } as const;
  const planned: Planned = made;
  return {
    ...{ planned, committedAt, rollbackOf: null },
    plan: await describePlan(ctx, planned, instances, { overridden: override?.what ?? [], notes }),
    override,
  };
}

async function insert(ctx: AgentContext, tx: Tx, prepared: Prepared, reason: string): Promise<Changed<DeploymentRow>> {
  refuseFullDisk();
  if (!prepared.override) refuseObstacles("deploy", await checkLock(tx, prepared.planned));
  const deployment = await insertPrepared(ctx, tx, ctx, prepared, reason);
  return {
    result: deployment,
    target: { type: "deployment", id: deployment.id },
    before: { version: prepared.planned.previousVersion },
    after: { ...toView(deployment, null), ...(prepared.override && { override: prepared.override }) },
    ...(prepared.override && { reason: prepared.override.reason }),
  };
}
