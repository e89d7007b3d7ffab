import { type DeploymentStep, Prisma } from "#server/db/generated/client.ts";
import type { Db, Tx } from "../../kernel/context.ts";
import type { StepPlan } from "../plan/planned-steps.ts";
import type { StepKind, StepOutput, StepStatus, StepView } from "../schema.ts";

/** The steps of deployments in the database. */

export type StepRow = Omit<DeploymentStep, "kind" | "status" | "phase" | "output"> & {
  kind: StepKind;
  status: StepStatus;
  phase: StepPlan["phase"];
  output: StepOutput["parts"] | null;
};

export async function insertSteps(tx: Tx, deploymentId: string, steps: readonly StepPlan[]): Promise<void> {
  await tx.deploymentStep.createMany({
    data: steps.map(({ seconds: _guess, ...step }, index) => ({ ...step, deploymentId, index })),
  });
}

/** In their order. */
export async function listSteps(db: Db | Tx, deploymentId: string): Promise<StepRow[]> {
  const found = await db.deploymentStep.findMany({ where: { deploymentId }, orderBy: { index: "asc" } });
  return found as unknown as StepRow[];
}

export type StepPatch = Partial<
  Pick<StepRow, "status" | "attempt" | "startedAt" | "finishedAt" | "note" | "output" | "title">
>;

/** Writes columns of one step; the same patch twice changes nothing. */
export async function patchStep(tx: Db | Tx, deploymentId: string, index: number, patch: StepPatch): Promise<void> {
  const { output, ...columns } = patch;
  const written = output === undefined ? {} : { output: output ?? Prisma.DbNull };
  await tx.deploymentStep.update({
    where: { deploymentId_index: { deploymentId, index } },
    data: { ...columns, ...written },
  });
}

/** Marks what had not begun as skipped, and what had not ended as failed: for a deployment that is over. */
export async function closeSteps(tx: Tx, deploymentId: string, at: Date): Promise<void> {
  await tx.deploymentStep.updateMany({
    where: { deploymentId, status: "pending" },
    data: { status: "skipped", finishedAt: at },
  });
  await tx.deploymentStep.updateMany({
    where: { deploymentId, status: { in: ["running", "waiting"] } },
    data: { status: "failed", finishedAt: at },
  });
}

export const toStepView = (step: StepRow): StepView => ({
  index: step.index,
  kind: step.kind,
  title: step.title,
  weight: step.weight,
  instances: step.instances,
  status: step.status,
  attempt: step.attempt,
  startedAt: step.startedAt?.toISOString() ?? null,
  finishedAt: step.finishedAt?.toISOString() ?? null,
  note: step.note,
});
