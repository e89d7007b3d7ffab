import type { z } from "zod";
import { incidentsOfDeployments } from "../../incidents/index.ts";
import type { AgentContext, Tx } from "../../kernel/context.ts";
import { AppError } from "../../kernel/errors.ts";
import { type Change, defineWrite, performWrite, prepareWrite, unchanged } from "../../kernel/perform.ts";
import { publishDeployment } from "../record/publish.ts";
import { auditPlace } from "../record/record.ts";
import {
  type DeploymentPatch,
  type DeploymentRow,
  getDeploymentRow,
  isActive,
  lockDeployment,
  recordEvent,
  toView,
} from "../record/store.ts";
import { type DecisionRow, findAnswer, insertDecision, listDecisions } from "../record/store-decisions.ts";
import { listSteps } from "../record/store-steps.ts";
import type { DecideDeploymentInput, DecideDeploymentOutput } from "../schema.ts";
import { decidedAlready, type Facts, inWords, rule } from "./decision-rule.ts";
import { nudgeWorkflow, startWorkflow } from "./launch.ts";
import { canReturn, insertRollback, prepareReturn, type Return } from "./rollback.ts";

type DecisionRequest = z.output<typeof DecideDeploymentInput>;
type Decided = z.output<typeof DecideDeploymentOutput>;

/**
 * Writes down what a person or an agent decided about a deployment; the procedure acts on it within moments. A rollback
 * of one that has ended starts a deployment of its own. The same decision by the same person again changes nothing.
 * @throws FORBIDDEN without deployment.write, NOT_FOUND, CONFLICT when somebody else decided first (`details.by`,
 * `details.decision`), PRECONDITION (`details.allowed`) when it cannot be acted on now.
 */
export const decideDeployment = defineWrite(
  "deployment.write",
  async (ctx, input: DecisionRequest): Promise<Decided> => {
    const { deploymentId } = input;
    const write = {
      action: "deployment.decide",
      target: { type: "deployment", id: deploymentId },
      input,
    } as const;
    const { back, isReturnable } = await prepareWrite(ctx, write, async () => {
      const row = await getDeploymentRow(ctx.db, deploymentId);
      const found = await returnOf(ctx, row, input); // asks the platform
      const isNew = found ? found.kind === "new" : !isActive(row.status) && (await canReturn(ctx, row));
      return { back: found, isReturnable: isNew };
    });
    const { deployment, started } = await performWrite(ctx, write, (tx) => decide(ctx, tx, input, back, isReturnable));
    if (started) await startWorkflow(ctx, started.id);
    await nudgeWorkflow(ctx, deploymentId);
    const incidents = await incidentsOfDeployments(ctx.db, [deploymentId]);
    return {
      deployment: toView(deployment, incidents.get(deploymentId) ?? null),
      started: started && toView(started, null),
    };
  },
);

/** The rollback of one that has ended; null for one that is active and turns back by itself. */
async function returnOf(ctx: AgentContext, row: DeploymentRow, { decision }: DecisionRequest): Promise<Return | null> {
  if (decision !== "rollback" || isActive(row.status)) return null;
  return prepareReturn(ctx, row);
}

interface Outcome {
  deployment: DeploymentRow;
  started: DeploymentRow | null;
}

async function decide(
  ctx: AgentContext,
  tx: Tx,
  input: DecisionRequest,
  back: Return | null,
  isReturnable: boolean,
): Promise<Change<Outcome>> {
  const before = await lockDeployment(tx, input.deploymentId);
  if (back?.kind === "done") return unchanged({ deployment: before, started: null });
  if (back?.kind === "going") return unchanged({ deployment: before, started: back.rollback });
  if (input.decision === "rollback" && !back && !isActive(before.status))
    throw new AppError("CONFLICT", `${before.id} has ended a moment ago. Decide again to roll it back.`);
  await refuseAnswered(tx, before, back);
  const facts = await factsOf(ctx, tx, before, isReturnable);
  const ruling = rule(facts, { ...input, actor: ctx.actor });
  if (ruling.kind === "same") return unchanged({ deployment: before, started: null });
  const at = ctx.now();
  const { decision, scope, reason } = input;
  const { stepIndex, waitingId } = ruling;
  const given = { deploymentId: before.id, decision, scope, reason, stepIndex, waitingId };
  const made = await insertDecision(tx, given, ctx, at);
  if (!made) throw new Error(`${before.id}: an answer was written while the deployment was locked`);
  await recordDecision(ctx, tx, before, made);
  const rollback = back && (await insertRollback(ctx, tx, ctx, back.prepared, reason));
  return {
    result: { deployment: await getDeploymentRow(tx, before.id), started: rollback?.deployment ?? null },
    target: { type: "deployment", id: before.id },
    before: { status: before.status, waiting: before.waiting, watchState: before.watchState },
    after: { decision, scope, reason, stepIndex: made.stepIndex, waitingId: made.waitingId, ...auditPlace(before) },
    besides: rollback ? [rollback.entry] : [],
  };
}

/** The question an ended deployment asked is gone as soon as it is answered. @throws CONFLICT naming who did */
async function refuseAnswered(tx: Tx, before: DeploymentRow, back: Return | null): Promise<void> {
  if (back?.kind !== "new" || back.waitingId === null || before.waiting?.id === back.waitingId) return;
  const answer = await findAnswer(tx, before.id, back.waitingId);
  if (answer) throw decidedAlready(before, answer);
}

async function factsOf(ctx: AgentContext, tx: Tx, deployment: DeploymentRow, isReturnable: boolean): Promise<Facts> {
  const { id, waiting } = deployment;
  const decisions = await listDecisions(tx, id);
  return {
    deployment,
    steps: await listSteps(tx, id),
    answer: waiting && (await findAnswer(tx, id, waiting.id)),
    newest: decisions.at(-1) ?? null,
    canReturn: isReturnable,
    at: ctx.now(),
  };
}

async function recordDecision(ctx: AgentContext, tx: Tx, before: DeploymentRow, made: DecisionRow): Promise<void> {
  const { decision, scope, reason, seq } = made;
  const level = decision === "rollback" || decision === "abort" ? "warning" : "info";
  const message = `${ctx.actor.name} ${inWords(decision, scope)}${reason ? `: ${reason}` : ""}`;
  const event = { key: `decision-${seq}`, level, kind: "decision", message } as const;
  const patch = effectOf(before, made);
  await recordEvent(tx, before.id, event, patch, made.at);
  await publishDeployment(ctx, tx, before);
}

/** What the decision makes of the record at once; all else the procedure writes when it acts on it. */
function effectOf(before: DeploymentRow, { decision }: DecisionRow): DeploymentPatch {
  if (decision === "abort") return { cancelRequested: true };
  if (isActive(before.status) || !before.waiting) return {};
  return { waiting: null, watchState: decision === "promote" ? "kept" : "regressed" };
}
