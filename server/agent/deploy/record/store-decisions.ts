import type { z } from "zod";
import type { DeploymentDecision } from "#server/db/generated/client.ts";
import type { Actor } from "../../kernel/actor.ts";
import { dataWithoutConfidential } from "../../kernel/confidential/confidential.ts";
import type { Channel, Db, Tx } from "../../kernel/context.ts";
import type { Decision, DecisionView } from "../schema.ts";

/** Who decided what about a deployment, in the database. The procedure reads on from the last one it read. */

export type DecisionRow = Omit<DeploymentDecision, "decision" | "scope"> & {
  decision: Decision;
  scope: "step" | "all";
};

interface NewDecision {
  deploymentId: string;
  decision: Decision;
  scope: "step" | "all";
  stepIndex: number | null;
  waitingId: string | null;
  reason: string;
}

/** Null when somebody else answered the same question first; `findAnswer` says who. */
export async function insertDecision(
  tx: Tx,
  given: NewDecision,
  by: { actor: Actor; via: Channel },
  at: Date,
): Promise<DecisionRow | null> {
  const { actor, via } = by;
  const [row] = await tx.deploymentDecision.createManyAndReturn({
    data: [
      { ...dataWithoutConfidential(given), via, at, actorKind: actor.kind, actorId: actor.id, actorName: actor.name },
    ],
    skipDuplicates: true,
  });
  return (row as DecisionRow | undefined) ?? null;
}

export async function findAnswer(db: Db | Tx, deploymentId: string, waitingId: string): Promise<DecisionRow | null> {
  const found = await db.deploymentDecision.findUnique({
    where: { deploymentId_waitingId: { deploymentId, waitingId } },
  });
  return found as DecisionRow | null;
}

/** Oldest first; `afterSeq` leaves out what was read already. */
export async function listDecisions(db: Db | Tx, deploymentId: string, afterSeq = 0): Promise<DecisionRow[]> {
  const found = await db.deploymentDecision.findMany({
    where: { deploymentId, seq: { gt: afterSeq } },
    orderBy: { seq: "asc" },
    take: 200,
  });
  return found as DecisionRow[];
}

export const toDecisionView = (row: DecisionRow): z.infer<typeof DecisionView> => ({
  decision: row.decision,
  scope: row.scope,
  reason: row.reason,
  by: { kind: row.actorKind as Actor["kind"], id: row.actorId, name: row.actorName },
  via: row.via,
  at: row.at.toISOString(),
  stepIndex: row.stepIndex,
});
