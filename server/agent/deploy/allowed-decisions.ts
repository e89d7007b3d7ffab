import type { AgentContext } from "../kernel/context.ts";
import { type Facts, offeredNow } from "./decision-rule.ts";
import { canReturn } from "./rollback.ts";
import type { Decision } from "./schema.ts";
import { type DeploymentRow, isActive } from "./store.ts";
import type { DecisionRow } from "./store-decisions.ts";

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
