import type { z } from "zod";
import type { AgentContext } from "../../kernel/context.ts";
import { authorize } from "../../kernel/permissions.ts";
import { getDeploymentRow } from "../record/store.ts";
import { findResults, listAnalyses, toAnalysisSummary } from "../record/store-analyses.ts";
import { listSteps } from "../record/store-steps.ts";
import type { DeploymentDetailOutput } from "../schema.ts";

const MOST = 20;

/** Every number behind the judge's verdicts, and what hooks printed. @throws FORBIDDEN, NOT_FOUND */
export async function deploymentDetail(
  ctx: AgentContext,
  { deploymentId }: { deploymentId: string },
): Promise<z.infer<typeof DeploymentDetailOutput>> {
  authorize(ctx, "deployment.read");
  await getDeploymentRow(ctx.db, deploymentId);
  const [analyses, steps] = await Promise.all([
    listAnalyses(ctx.db, deploymentId, MOST),
    listSteps(ctx.db, deploymentId),
  ]);
  const results = await findResults(
    ctx.db,
    analyses.map((one) => one.id),
  );
  return {
    analyses: analyses.map((one) => ({ ...toAnalysisSummary(one), result: results.get(one.id) ?? null })),
    outputs: steps.flatMap(({ index, attempt, output }) =>
      output === null ? [] : [{ index, attempt, parts: output }],
    ),
  };
}
