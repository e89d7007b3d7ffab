import type { z } from "zod";
import { type Override, overrideObstacles, refuseObstacles } from "../../actions/obstacles.ts";
import { requestAction } from "../../actions/request-action.ts";
import { catalogOf } from "../../catalog/catalog.ts";
import type { AgentContext, Runtime, Tx } from "../../kernel/context.ts";
import { AppError } from "../../kernel/errors.ts";
import { type ActionEntry, defineWrite } from "../../kernel/perform.ts";
import { authorize } from "../../kernel/permissions.ts";
import { checkLock } from "../../policy/index.ts";
import type { PlatformInstance, ServiceRef } from "../../ports/workloads.ts";
import { previousVersionOf, refuseWhatRuns, resolveTarget, type Target } from "../plan/plan.ts";
import type { Planned } from "../plan/planned.ts";
import { stepsOf } from "../plan/planned-steps.ts";
import { type DeploymentRow, findActive, getDeploymentRow, isActive, toView } from "../record/store.ts";
import { listDecisions } from "../record/store-decisions.ts";
import { findBringer, findPassed, findRollbackOf } from "../record/store-history.ts";
import { DeployApplicationInput, type RollbackInput } from "../schema.ts";
import { decidedAlready } from "./decision-rule.ts";
import { listGoodVersions } from "./good-versions.ts";
import {
  type DeployResult,
  deployResult,
  describePlan,
  insertPrepared,
  type Prepared,
  type Requester,
  refuseActive,
  startWorkflow,
} from "./launch.ts";

type RollbackRequest = z.output<typeof RollbackInput>;

/**
 * Goes back to a version that served well: to the last known good one at once, past hooks and judge; to an earlier one
 * as a deployment by the configured strategy. Freeze windows and waves do not forbid it, a lock does.
 * @throws FORBIDDEN without deployment.write, or for an overrideReason without deployment.override.write; NOT_FOUND;
 * PRECONDITION when the version is not among the good ones (`details.allowed`) or it is locked; CONFLICT while a
 * deployment is active; UPSTREAM_UNAVAILABLE.
 */
export const rollbackDeployment = defineWrite(
  "deployment.write",
  async (ctx, input: RollbackRequest): Promise<DeployResult> => {
    const write = {
      action: "deployment.rollback",
      target: { type: "service", id: `${input.service}/${input.environment}` },
      input,
    } as const;
    const { prepared, record } = await requestAction(ctx, write, {
      dryRun: input.dryRun,
      prepare: () => prepareRollback(ctx, input),
      insert: async (tx, ready) => {
        if (!ready.override) refuseObstacles("deploy", await checkLock(tx, input));
        const { deployment, entry } = await insertRollback(ctx, tx, ctx, ready, input.reason);
        return { result: deployment, ...entry };
      },
      start: ({ id }) => startWorkflow(ctx, id),
    });
    return deployResult(prepared, record);
  },
);

async function prepareRollback(ctx: AgentContext, input: RollbackRequest): Promise<Prepared> {
  if (input.overrideReason !== undefined) authorize(ctx, "deployment.override.write");
  catalogOf(ctx.config).getService(input);
  const { instances, currentVersion } = await ctx.platform.workloads.getService(input);
  await refuseActive(ctx, input);
  const override = overrideObstacles("deploy", await checkLock(ctx.db, input), input.overrideReason);
  const undone = currentVersion === null ? null : await findPassed(ctx.db, input, currentVersion);
  const running = { instances, currentVersion };
  const chosen = await choose(ctx, input, running, input.version);
  return prepare(ctx, input, running, chosen, undone?.id ?? null, override);
}

/** What an ended deployment comes back to: a rollback that is to be made, the one that is under way, or it went back itself. */
export type Return =
  | { kind: "done" }
  | { kind: "new"; prepared: Prepared; waitingId: string | null }
  | { kind: "going"; rollback: DeploymentRow };

type Checked = Exclude<Return, { kind: "new" }> | { kind: "new"; running: Running; chosen: Chosen };

/** The rollback of a deployment that has ended, with its plan. @throws as checkReturn does */
export async function prepareReturn(ctx: AgentContext, row: DeploymentRow): Promise<Return> {
  const checked = await checkReturn(ctx, row);
  if (checked.kind !== "new") return checked;
  const prepared = await prepare(ctx, row, checked.running, checked.chosen, row.id, null);
  return { kind: "new", prepared, waitingId: row.waiting?.id ?? null };
}

/** Whether a deployment that has ended can be rolled back now: it is then what the service runs. */
export async function canReturn(ctx: AgentContext, row: DeploymentRow): Promise<boolean> {
  try {
    return (await checkReturn(ctx, row)).kind === "new";
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

/**
 * A lock stands against it, unless the deployment itself asked.
 * @throws PRECONDITION when what it brought is not what runs (`details.broughtBy`), CONFLICT when somebody else has
 * rolled it back or another deployment is active
 */
async function checkReturn(ctx: AgentContext, row: DeploymentRow): Promise<Checked> {
  const { instances, currentVersion } = await ctx.platform.workloads.getService(row);
  const versions = [...new Set(instances.map(({ version }) => version))];
  const bringer = await findBringer(ctx.db, row, versions);
  const made = await findRollbackOf(ctx.db, row.id);
  if (made && (isActive(made.status) || (made.status === "succeeded" && made.id === bringer?.id))) {
    if (made.actorId === ctx.actor.id && made.actorKind === ctx.actor.kind) return { kind: "going", rollback: made };
    const decision = (await listDecisions(ctx.db, row.id)).findLast((one) => one.decision === "rollback");
    if (decision) throw decidedAlready(row, decision);
  }
  const runs = versions.includes(row.version);
  if (!runs && !made && (await isOwnRollback(ctx, row))) return { kind: "done" };
  await refuseActive(ctx, row);
  if (!runs || bringer?.id !== row.id) throw notWhatRuns(row, runs, currentVersion, bringer);
  if (!row.waiting) refuseObstacles("deploy", await checkLock(ctx.db, row));
  const running = { instances, currentVersion: row.version };
  return { kind: "new", running, chosen: await choose(ctx, row, running, undefined) };
}

function notWhatRuns(
  row: DeploymentRow,
  runs: boolean,
  current: string | null,
  bringer: DeploymentRow | null,
): AppError {
  const { id, service, environment, version, status } = row;
  const ended = runs
    ? `${id} has ended (${status.replace("_", " ")}) and is not why ${service} runs ${current ?? version} in ${environment}.`
    : `${version} does not run in ${environment} any more, so there is nothing of ${id} to roll back. ${service} runs ${current ?? "nothing"}.`;
  const way = bringer ? ` ${bringer.id} brought what runs now. To undo that, roll ${bringer.id} back.` : "";
  const none = runs ? " No deployment brought what runs now. To change it, deploy another version." : "";
  const details = { deploymentId: id, currentVersion: current, broughtBy: bringer?.id ?? null, allowed: [] };
  return new AppError("PRECONDITION", `${ended}${way || none}`, { details });
}

/** Whether the same person told it to go back while it ran: to say so again changes nothing. */
async function isOwnRollback({ db, actor }: AgentContext, { id }: DeploymentRow): Promise<boolean> {
  const newest = (await listDecisions(db, id)).at(-1);
  return newest?.decision === "rollback" && newest.actorId === actor.id && newest.actorKind === actor.kind;
}

/**
 * The rollback that Operate itself starts when a deployment regresses after its end. Safe to repeat: a second call finds
 * the first one's. Null when another deployment is active or brought what runs now, or nothing is known to be good.
 * @throws UPSTREAM_UNAVAILABLE, NOT_FOUND
 */
export async function startRollback(
  runtime: Runtime,
  asked: { deploymentId: string; by: Requester; reason: string },
): Promise<DeploymentRow | null> {
  const row = await getDeploymentRow(runtime.db, asked.deploymentId);
  const made = await findRollbackOf(runtime.db, row.id);
  if (made && (made.actorId === asked.by.actor.id || isSettled(made))) {
    await startWorkflow(runtime, made.id);
    return made;
  }
  const { instances } = await runtime.platform.workloads.getService(row);
  if (await findActive(runtime.db, row.service, row.environment)) return null;
  const versions = instances.map(({ version }) => version);
  if ((await findBringer(runtime.db, row, versions))?.id !== row.id) return null;
  let deployment: DeploymentRow;
  try {
    const running = { instances, currentVersion: row.version };
    const chosen = await choose(runtime, row, running, undefined);
    const prepared = await prepare(runtime, row, running, chosen, row.id, null);
    deployment = await runtime.db.$transaction(async (tx) => {
      const { deployment: started, entry } = await insertRollback(runtime, tx, asked.by, prepared, asked.reason);
      await runtime.audit.record(tx, asked.by, entry);
      return started;
    });
  } catch (error) {
    if (error instanceof AppError && (error.code === "PRECONDITION" || error.code === "CONFLICT")) return null;
    throw error;
  }
  await startWorkflow(runtime, deployment.id);
  return deployment;
}

/** One that failed leaves the way open for another. */
const isSettled = ({ status }: DeploymentRow): boolean => isActive(status) || status === "succeeded";

interface Running {
  instances: readonly PlatformInstance[];
  /** what is to be left */
  currentVersion: string | null;
}

/** The version to go back to, and how. */
interface Chosen {
  target: Target;
  strategy: Planned["strategy"];
}

/** @throws PRECONDITION when it is not among the good versions, or runs everywhere */
async function choose(
  runtime: Runtime,
  { service, environment }: ServiceRef,
  { instances, currentVersion }: Running,
  wanted: string | undefined,
): Promise<Chosen> {
  const ref = { service, environment };
  const good = await listGoodVersions(runtime.db, runtime.config, ref, currentVersion);
  const chosen = wanted === undefined ? good[0] : good.find((one) => one.version === wanted);
  if (!chosen)
    throw notGood(
      ref,
      currentVersion,
      wanted,
      good.map((one) => one.version),
    );
  const { version } = chosen;
  const target = resolveTarget(runtime.config, DeployApplicationInput.parse({ ...ref, version }));
  refuseWhatRuns(runtime.config, target, instances);
  return { target, strategy: chosen.lastKnownGood ? "restore" : target.strategy };
}

async function prepare(
  runtime: Runtime,
  { service, environment }: ServiceRef,
  { instances }: Running,
  { target, strategy }: Chosen,
  rollbackOf: string | null,
  override: Override | null,
): Promise<Prepared> {
  const ref = { service, environment };
  const { version } = target;
  const previousVersion = previousVersionOf(instances, version);
  const { options, committedAt } = target;
  const steps = stepsOf({ strategy, version, previousVersion, instances: options.instances, rules: options.rules });
  const planned: Planned = { ...ref, kind: "rollback", strategy, version, previousVersion, options, steps };
  return {
    ...{ planned, rollbackOf, committedAt, override },
    plan: await describePlan(runtime, planned, instances, { overridden: override?.what ?? [], notes: [] }),
  };
}

/** Writes the rollback; the caller records its audit entry. @throws CONFLICT while another deployment is active. */
export async function insertRollback(
  runtime: Runtime,
  tx: Tx,
  by: Requester,
  prepared: Prepared,
  reason: string,
): Promise<{ deployment: DeploymentRow; entry: ActionEntry }> {
  const deployment = await insertPrepared(runtime, tx, by, prepared, reason);
  const entry: ActionEntry = {
    action: "deployment.rollback",
    target: { type: "deployment", id: deployment.id },
    before: { version: prepared.planned.previousVersion, deploymentId: prepared.rollbackOf },
    after: { ...toView(deployment, null), ...(prepared.override && { override: prepared.override }) },
    ...(prepared.override && { reason: prepared.override.reason }),
  };
  return { deployment, entry };
}

function notGood(ref: ServiceRef, current: string | null, wanted: string | undefined, allowed: string[]): AppError {
  const where = `${ref.service} in ${ref.environment}`;
  const known = allowed.length > 0 ? `Good versions: ${allowed.join(", ")}.` : "Deploy another version instead.";
  return new AppError(
    "PRECONDITION",
    wanted === undefined
      ? `No version of ${where} is known to have served well before ${current ?? "now"}. Deploy another version instead.`
      : `${wanted} is not among the last versions of ${where} that served well. ${known}`,
    { details: { allowed, currentVersion: current } },
  );
}
