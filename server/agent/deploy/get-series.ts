import type { z } from "zod";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { authorize } from "../kernel/permissions.ts";
import type { ServiceRef, TrafficCounts } from "../ports/platform.ts";
import { listTraffic, sumBy, trafficSeries } from "../traffic/index.ts";
import type { DeploymentSeriesOutput } from "./schema.ts";
import { getDeploymentRow } from "./store.ts";

const BEFORE_MS = 5 * 60_000;
const AFTER_MS = 10 * 60_000;
const FINE_MS = 2 * 3_600_000;

/** Both versions on one axis, from before the deployment until after it. @throws FORBIDDEN, NOT_FOUND */
export async function deploymentSeries(
  ctx: AgentContext,
  { deploymentId }: { deploymentId: string },
): Promise<z.infer<typeof DeploymentSeriesOutput>> {
  authorize(ctx, "deployment.read");
  const row = await getDeploymentRow(ctx.db, deploymentId);
  const now = ctx.now().getTime();
  const from = new Date((row.startedAt ?? row.createdAt).getTime() - BEFORE_MS);
  const to = new Date(Math.min(now, (row.finishedAt?.getTime() ?? now) + AFTER_MS));
  const stepSeconds = to.getTime() - from.getTime() > FINE_MS ? 60 : 10;
  const rows = await countsBetween(ctx, row, { from, to, stepSeconds });
  const series = (version: string, role: "old" | "new") => ({
    ...{ version, role },
    points: trafficSeries(
      rows.filter((one) => one.version === version),
      { from, to, stepSeconds },
    ),
  });
  return {
    ...{ stepSeconds, from: from.toISOString(), to: to.toISOString() },
    versions: [
      ...(row.previousVersion === null ? [] : [series(row.previousVersion, "old")]),
      series(row.version, "new"),
    ],
  };
}

/** What was stored, and from the platform what the collector has not brought yet. */
export async function countsBetween(
  ctx: AgentContext,
  { service, environment }: ServiceRef,
  { from, to, stepSeconds }: { from: Date; to: Date; stepSeconds: number },
): Promise<TrafficCounts[]> {
  const ref = { service, environment };
  const stored = await listTraffic(ctx.db, { since: from, resolution: stepSeconds === 60 ? 60 : 10, ref });
  const within = stored.filter((one) => Date.parse(one.bucketAt) < to.getTime());
  if (stepSeconds === 60) return within;
  const newest = Math.max(from.getTime(), ...within.map((one) => Date.parse(one.bucketAt) + 10_000));
  return [...within, ...(await freshCounts(ctx, ref, new Date(newest), to))];
}

async function freshCounts(ctx: AgentContext, ref: ServiceRef, since: Date, to: Date): Promise<TrafficCounts[]> {
  try {
    const samples = await ctx.platform.samplesSince({ ...ref, since });
    const counted = samples.filter((one) => one.requests > 0 && Date.parse(one.bucketAt) + 2_000 <= to.getTime());
    return sumBy(counted, 10_000).filter((one) => Date.parse(one.bucketAt) >= since.getTime());
  } catch (error) {
    if (error instanceof AppError && (error.code === "UPSTREAM_UNAVAILABLE" || error.code === "NOT_FOUND")) return [];
    throw error;
  }
}
