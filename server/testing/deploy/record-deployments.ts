import { recordEnd, recordRequest, recordStart, toldAs } from "../../agent/deploy/record/on-timeline.ts";
import { getDeploymentRow } from "../../agent/deploy/record/store.ts";
import type { Db } from "../../agent/kernel/context.ts";
import type { Prisma } from "../../db/generated/client.ts";

/** Inserts deployments as they stand, with what the time line would tell of them by now. */
export async function recordDeployments(db: Db, ...given: Prisma.DeploymentCreateManyInput[]): Promise<void> {
  await db.$transaction(async (tx) => {
    await tx.deployment.createMany({ data: given });
    for (const { id } of given) {
      const row = await getDeploymentRow(tx, id);
      await recordRequest(tx, row);
      if (row.startedAt) await recordStart(tx, row);
      const { status, finishedAt } = row;
      if (finishedAt && status !== "queued" && status !== "running" && status !== "paused" && status !== "rolling_back")
        await recordEnd(tx, row, status, finishedAt, toldAs(row.summary));
    }
  });
}
