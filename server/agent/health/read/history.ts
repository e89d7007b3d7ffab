import type { z } from "zod";
import type { AgentContext } from "../../kernel/context.ts";
import { authorize } from "../../kernel/permissions.ts";
import type { ServiceRef } from "../../ports/workloads.ts";
import { quantileMs } from "../../telemetry/histogram.ts";
import { addCodes, decodeLatencies } from "../check/latency-codes.ts";
import { HOUR_S, MINUTE_S } from "../record/record-results.ts";
import { getTarget, listTargets } from "../record/store.ts";
import { listRollups } from "../record/store-results.ts";
import type { HealthHistoryInput, HealthHistoryOutput } from "../schema.ts";
import type { HEALTH_RANGES } from "../words.ts";
import { type RollupCounts, uptimeOf, watchedSeconds } from "./uptime.ts";
import { dayRollups, type JudgedTarget, targetView } from "./views.ts";

type Range = (typeof HEALTH_RANGES)[number];

/** How wide a bucket is, how many there are, and which rollups fill them. */
const RANGES: Record<Range, { stepSeconds: number; count: number; resolution: number }> = {
  "1h": { stepSeconds: 60, count: 60, resolution: MINUTE_S },
  "24h": { stepSeconds: 900, count: 96, resolution: MINUTE_S },
  "7d": { stepSeconds: 3_600, count: 168, resolution: HOUR_S },
  "30d": { stepSeconds: 4 * 3_600, count: 180, resolution: HOUR_S },
  "90d": { stepSeconds: 12 * 3_600, count: 180, resolution: HOUR_S },
};

/**
 * History of one target from its rollups: every bucket of the range up to the present one, in order; a bucket without
 * results has zero counts and null latencies. `judge` says what is known of a service beyond its check. Uptime is as `uptimeOf` defines it. @throws NOT_FOUND
 */
export async function healthHistory(
  ctx: AgentContext,
  input: z.infer<typeof HealthHistoryInput>,
  judge: (ref: ServiceRef) => Promise<JudgedTarget | undefined> = async () => undefined,
): Promise<HealthHistoryOutput> {
  authorize(ctx, "health.read");
  const now = ctx.now();
  const target = await getTarget(ctx.db, input.targetId);
  const { stepSeconds, count, resolution } = RANGES[input.range];
  const stepMs = stepSeconds * 1000;
  const fromMs = Math.floor(now.getTime() / stepMs) * stepMs - (count - 1) * stepMs;
  const rollups = await listRollups(ctx.db, [target.id], resolution, new Date(fromMs));
  const day = await dayRollups(ctx.db, [target.id], now);
  const names = new Map((await listTargets(ctx.db)).map((row) => [row.id, row.name]));
  const uptime = uptimeOf(rollups);
  const { service, environment } = target;
  const judged =
    target.origin === "service" && service !== null && environment !== null
      ? await judge({ service, environment })
      : undefined;
  const buckets = fillBuckets(rollups, fromMs, stepMs, count);
  return {
    target: targetView(target, day.get(target.id) ?? [], names, now, judged),
    range: input.range,
    stepSeconds,
    ...uptime,
    watchedSeconds: watchedSeconds(uptime.checks, target.intervalMs, count * stepMs),
    // those before the first result say nothing; a page draws them as a gap
    buckets: ctx.reader.brief ? sinceFirst(buckets) : buckets,
  };
}

function sinceFirst(buckets: HealthHistoryOutput["buckets"]): HealthHistoryOutput["buckets"] {
  const first = buckets.findIndex(({ up, degraded, down }) => up + degraded + down > 0);
  return first < 0 ? [] : buckets.slice(first);
}

/** Rollups laid into buckets of `stepMs`, from `fromMs`; a bucket that none falls into is a gap. */
function fillBuckets(
  rollups: readonly (RollupCounts & { bucketAt: Date })[],
  fromMs: number,
  stepMs: number,
  count: number,
): HealthHistoryOutput["buckets"] {
  const sums = Array.from({ length: count }, () => ({ up: 0, degraded: 0, down: 0, latency: decodeLatencies([]) }));
  for (const rollup of rollups) {
    const sum = sums[Math.floor((rollup.bucketAt.getTime() - fromMs) / stepMs)];
    if (!sum) continue;
    sum.up += rollup.up;
    sum.degraded += rollup.degraded;
    sum.down += rollup.down;
    addCodes(sum.latency, rollup.latency);
  }
  return sums.map(({ latency, ...counts }, i) => ({
    t: new Date(fromMs + i * stepMs).toISOString(),
    ...counts,
    p50Ms: quantileMs(latency, 0.5),
    p95Ms: quantileMs(latency, 0.95),
  }));
}
