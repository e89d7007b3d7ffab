import type { z } from "zod";
import { catalogOf } from "../../catalog/catalog.ts";
import { refuseUnknownFilter } from "../../catalog/known-names.ts";
import { endsOfDeploymentIncidents } from "../../incidents/index.ts";
import type { AgentContext } from "../../kernel/context.ts";
import { authorize } from "../../kernel/permissions.ts";
import { listMeasured } from "../record/store-reads.ts";
import type { DoraInput, DoraOutput } from "../schema.ts";
import { doraRow } from "./dora-rule.ts";

/** The four key measures per configured service and environment. @throws FORBIDDEN without deployment.read */
export async function doraMetrics(
  ctx: AgentContext,
  { service, environment, days }: z.output<typeof DoraInput>,
): Promise<z.infer<typeof DoraOutput>> {
  authorize(ctx, "deployment.read");
  await refuseUnknownFilter(ctx, { service, environment });
  const since = new Date(ctx.now().getTime() - days * 86_400_000);
  const all = await listMeasured(ctx.db, since, { service, environment });
  const incidents = await endsOfDeploymentIncidents(
    ctx.db,
    all.map((one) => one.id),
  );
  const refs = catalogOf(ctx.config)
    .places()
    .filter((ref) => (service ?? ref.service) === ref.service)
    .filter((ref) => (environment ?? ref.environment) === ref.environment);
  const rows = refs.map((ref) =>
    doraRow(
      ref,
      all.filter((one) => one.service === ref.service && one.environment === ref.environment),
      incidents,
      days,
    ),
  );
  return { days, rows };
}
