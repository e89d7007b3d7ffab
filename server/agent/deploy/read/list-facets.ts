import type { z } from "zod";
import { refuseUnknownFilter } from "../../catalog/known-names.ts";
import type { AgentContext } from "../../kernel/context.ts";
import { authorize } from "../../kernel/permissions.ts";
import { countBy } from "../record/store-reads.ts";
import type { DeploymentFacetsInput, DeploymentFacetsOutput } from "../schema.ts";

/** How many deployments there are per value of each filter, the other filters applied. @throws FORBIDDEN */
export async function deploymentFacets(
  ctx: AgentContext,
  input: z.output<typeof DeploymentFacetsInput>,
): Promise<z.infer<typeof DeploymentFacetsOutput>> {
  authorize(ctx, "deployment.read");
  await refuseUnknownFilter(ctx, input);
  const [service, environment, status, strategy, kind] = await Promise.all([
    countBy(ctx.db, "service", input),
    countBy(ctx.db, "environment", input),
    countBy(ctx.db, "status", input),
    countBy(ctx.db, "strategy", input),
    countBy(ctx.db, "kind", input),
  ]);
  return { service, environment, status, strategy, kind };
}
