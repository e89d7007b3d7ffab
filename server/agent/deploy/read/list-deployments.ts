import type { z } from "zod";
import { refuseUnknownFilter } from "../../catalog/known-names.ts";
import { incidentsOfDeployments } from "../../incidents/index.ts";
import type { AgentContext } from "../../kernel/context.ts";
import { authorize } from "../../kernel/permissions.ts";
import { pageDeployments, toView } from "../record/store.ts";
import type { ListDeploymentsInput, ListDeploymentsOutput } from "../schema.ts";

/** One page of deployments, newest first. @throws FORBIDDEN without deployment.read */
export async function listDeployments(
  ctx: AgentContext,
  input: z.infer<typeof ListDeploymentsInput>,
): Promise<z.infer<typeof ListDeploymentsOutput>> {
  authorize(ctx, "deployment.read");
  await refuseUnknownFilter(ctx, input);
  const page = await pageDeployments(ctx.db, input, input.limit, input.cursor);
  const incidents = await incidentsOfDeployments(
    ctx.db,
    page.items.map((one) => one.id),
  );
  return {
    items: page.items.map((one) => toView(one, incidents.get(one.id) ?? null)),
    nextCursor: page.nextCursor,
  };
}
