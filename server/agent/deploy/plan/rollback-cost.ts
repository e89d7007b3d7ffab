import type { Runtime } from "../../kernel/context.ts";
import { AppError } from "../../kernel/errors.ts";
import { TRAFFIC_BUCKETS_READ_MS } from "../../kernel/storage/retention.ts";
import { failedRequests, sumOutcomes } from "../../telemetry/outcomes.ts";
import { groupedCount } from "../../text/numbers.ts";
import { utcClock } from "../../text/utc.ts";
import type { Ending } from "../record/on-timeline.ts";
import { type DeploymentRow, getDeploymentRow } from "../record/store.ts";
import { countTraffic } from "../record/store-split.ts";
import type { DeploymentPlan } from "../run/procedure.ts";

const BUCKET_MS = 10_000;
/** buckets of 10 s are kept a little longer; who goes back after days does not go back from this deployment alone */
const LONGEST_MS = TRAFFIC_BUCKETS_READ_MS;

type Undone = Pick<DeploymentRow, "service" | "environment" | "version"> & { startedAt: Date };

/**
 * What a version cost the users from the beginning of its deployment until it was taken back, in one sentence: what a
 * judgement counted is over before the rollback is. From the stored counts, and the platform's newest that are not
 * stored yet. Null when this was no rollback, nothing failed, or it cannot be told.
 */
export async function rollbackCost(
  runtime: Runtime,
  plan: Pick<DeploymentPlan, "deploymentId" | "service" | "environment" | "version" | "kind" | "startedAt">,
  ending: Ending,
): Promise<string | null> {
  const undone = await undoneBy(runtime, plan, ending);
  const now = runtime.now();
  if (!undone || now.getTime() - undone.startedAt.getTime() > LONGEST_MS) return null;
  const { service, environment, version, startedAt } = undone;
  const from = new Date(Math.floor(startedAt.getTime() / BUCKET_MS) * BUCKET_MS);
  const stored = await countTraffic(runtime.db, undone, { from, to: null, stepSeconds: 10 });
  const samples = await newest(runtime, { service, environment, since: stored.countedUntil ?? from });
  const until = samples ? now : stored.countedUntil;
  const late = samples ?? [];
  const own = stored.versions.get(version);
  const counts = sumOutcomes([...(own ? [own] : []), ...late.filter((row) => row.version === version)]);
  const failed = failedRequests(counts, null);
  if (failed === 0 || until === null) return null;
  return `From ${utcClock(startedAt)} until ${utcClock(until)}, ${groupedCount(failed)} of ${groupedCount(counts.requests)} requests to ${version} failed in all.`;
}

/** How it ended, and after a rollback what the version cost in all. */
export const withCost = (summary: string, cost: string | null): string =>
  cost === null ? summary : `${summary.replace(/(?<!\.)$/, ".")} ${cost}`;

/** The deployment whose version a rollback has taken away. */
async function undoneBy(
  { db }: Pick<Runtime, "db">,
  { deploymentId, service, environment, version, kind, startedAt }: Parameters<typeof rollbackCost>[1],
  ending: Ending,
): Promise<Undone | null> {
  if (kind === "deploy")
    return ending === "rolled_back" || ending === "cancelled"
      ? { service, environment, version, startedAt: new Date(startedAt) }
      : null;
  const { rollbackOf } = await getDeploymentRow(db, deploymentId);
  if (ending !== "succeeded" || rollbackOf === null) return null;
  try {
    const row = await getDeploymentRow(db, rollbackOf);
    return row.startedAt && { service, environment, version: row.version, startedAt: row.startedAt };
  } catch (error) {
    if (error instanceof AppError && error.code === "NOT_FOUND") return null;
    throw error;
  }
}

/** Null while the platform cannot tell. */
async function newest({ platform }: Runtime, query: { service: string; environment: string; since: Date }) {
  try {
    return await platform.traffic.samplesSince(query);
  } catch (error) {
    if (error instanceof AppError && (error.code === "UPSTREAM_UNAVAILABLE" || error.code === "NOT_FOUND")) return null;
    throw error;
  }
}
