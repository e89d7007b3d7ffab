import type { z } from "zod";
import type { AgentContext } from "../../kernel/context.ts";
import { authorize } from "../../kernel/permissions.ts";
import { trafficSeries } from "../../traffic/index.ts";
import { getDeploymentRow } from "../record/store.ts";
import { seriesWithOpenStep } from "../run/open-step.ts";
import type { DeploymentSeriesOutput } from "../schema.ts";
import { countsBetween, stepSecondsFor } from "./counts.ts";

const BEFORE_MS = 5 * 60_000;
const AFTER_MS = 10 * 60_000;

/** Both versions on one axis, from before the deployment until after it. @throws FORBIDDEN, NOT_FOUND */
export async function deploymentSeries(
  ctx: AgentContext,
  { deploymentId }: { deploymentId: string },
): Promise<z.infer<typeof DeploymentSeriesOutput>> {
  authorize(ctx, "deployment.read");
  const row = await getDeploymentRow(ctx.db, deploymentId);
  const now = ctx.now();
  const from = new Date((row.startedAt ?? row.createdAt).getTime() - BEFORE_MS);
  const to = new Date(Math.min(now.getTime(), (row.finishedAt ?? now).getTime() + AFTER_MS));
  const stepSeconds = stepSecondsFor(from, to, now);
  const roles = [
    ...(row.previousVersion === null ? [] : [{ version: row.previousVersion, role: "old" as const }]),
    { version: row.version, role: "new" as const },
  ];
  const versions = roles.map((one) => one.version);
  const { rows, countedUntil } = await countsBetween(ctx, row, { from, to, stepSeconds, versions });
  const live = stepSeconds === 10 && to.getTime() === now.getTime();
  const pointsOf = (version: string) => {
    const own = rows.filter((one) => one.version === version);
    return live
      ? seriesWithOpenStep(own, { from: from.getTime(), countedUntil, stepSeconds })
      : trafficSeries(own, { from, to, stepSeconds });
  };
  return {
    ...{ stepSeconds, from: from.toISOString(), to: to.toISOString() },
    versions: roles.map((one) => ({ ...one, points: pointsOf(one.version) })),
  };
}
