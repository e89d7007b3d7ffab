import type { AgentContext } from "../../kernel/context.ts";
import { type DeploymentRow, getDeploymentRow, isActive } from "../record/store.ts";
import { type DecisionRow, listDecisions } from "../record/store-decisions.ts";
import { findRollbackOf } from "../record/store-history.ts";
import { listSteps } from "../record/store-steps.ts";
import type { Decision, DeploymentStatus } from "../schema.ts";
import { type Facts, offeredNow } from "./decision-rule.ts";
import { canReturn } from "./rollback.ts";

/** What decide_deployment accepts now, by the rule that it decides by. */
export async function allowedDecisions(
  ctx: AgentContext,
  deployment: DeploymentRow,
  { steps, decisions }: { steps: Facts["steps"]; decisions: readonly DecisionRow[] },
): Promise<Decision[]> {
  const { status, waiting } = deployment;
  return offeredNow({
    ...{ deployment, steps, newest: decisions.at(-1) ?? null },
    answer: decisions.find(({ waitingId }) => waitingId !== null && waitingId === waiting?.id) ?? null,
    canReturn: !isActive(status) && (await canReturn(ctx, deployment)),
  });
}

/** Where a deployment stands: `possible` when the decision rollback is accepted now. */
export interface RollbackState {
  possible: boolean;
  status: DeploymentStatus;
  /** it went back by itself, or another deployment rolled it back */
  isUndone: boolean;
}

/** @throws NOT_FOUND */
export async function rollbackState(ctx: AgentContext, deploymentId: string): Promise<RollbackState> {
  const row = await getDeploymentRow(ctx.db, deploymentId);
  const [steps, decisions, rollback] = await Promise.all([
    listSteps(ctx.db, row.id),
    listDecisions(ctx.db, row.id),
    findRollbackOf(ctx.db, row.id),
  ]);
  const allowed = await allowedDecisions(ctx, row, { steps, decisions });
  const isUndone = row.status === "rolled_back" || rollback?.status === "succeeded";
  return { possible: allowed.includes("rollback"), status: row.status, isUndone };
}
