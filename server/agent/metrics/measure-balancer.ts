import type { AgentContext } from "../kernel/context.ts";
import { TRAFFIC_BUCKETS_READ_MS } from "../kernel/storage/retention.ts";
import type { TrafficCounts } from "../ports/traffic.ts";
import type { ServiceRef } from "../ports/workloads.ts";
import { listTraffic, sumBy, trafficSeries } from "../traffic/index.ts";
import { allSignals, type Measured, type MeasuredSignal, UNITS, unmeasured } from "./measured.ts";
import type { SignalName } from "./schema.ts";
import { type Grid, windowOfGrid } from "./steps.ts";

/** a step as long as this is read from minutes */
const COARSE_STEP_SECONDS = 120;

/** What the balancer counted, and what instances took, of one service: no query, no metric of its own is needed. */
export async function measureBalancer(ctx: AgentContext, ref: ServiceRef, grid: Grid): Promise<Measured> {
  const { from, to } = windowOfGrid(grid);
  const { stepSeconds, steps } = grid;
  const old = ctx.now().getTime() - from.getTime() >= TRAFFIC_BUCKETS_READ_MS;
  const resolution = stepSeconds % 60 === 0 && (old || stepSeconds >= COARSE_STEP_SECONDS) ? 60 : 10;
  const rows = await listTraffic(ctx.db, { since: from, until: to, resolution, ref });
  const points = trafficSeries(rows, { from, to, stepSeconds });
  const usage = usagePoints(rows, grid);
  const missing = rows.length > 0 ? null : `nothing was counted for ${ref.service} in ${ref.environment} then`;
  const signal = (name: SignalName, values: (number | null)[], query: string): MeasuredSignal => ({
    ...{ unit: UNITS[name], values, query },
    ...{ promql: null, problem: values.some((value) => value !== null) ? null : missing },
  });
  const requests = "requests to the balancer";
  const timed = `${requests}, waits that clients gave up as at least so long`;
  const found = {
    requestRate: signal(
      "requestRate",
      points.map((one) => one.requestsPerSecond),
      requests,
    ),
    errorPercent: signal(
      "errorPercent",
      points.map((one) => one.errorPercent),
      `${requests} that failed (5xx, refused, timed out, broken off, left late) ÷ all`,
    ),
    latencyP50Ms: signal(
      "latencyP50Ms",
      points.map((one) => one.p50Ms),
      `p50 of ${timed}`,
    ),
    latencyP95Ms: signal(
      "latencyP95Ms",
      points.map((one) => one.p95Ms),
      `p95 of ${timed}`,
    ),
    latencyP99Ms: signal(
      "latencyP99Ms",
      points.map((one) => one.p99Ms),
      `p99 of ${timed}`,
    ),
    cpuPercent: signal(
      "cpuPercent",
      usage.map((one) => one.cpuPercent),
      "CPU time of all instances ÷ time",
    ),
    memoryBytes: signal(
      "memoryBytes",
      usage.map((one) => one.memoryBytes),
      "resident memory of all instances",
    ),
    saturation: signal(
      "saturation",
      usage.map((one) => one.inFlight),
      "requests in flight, mean",
    ),
  };
  return {
    source: { kind: "balancer", address: null, asOf: ctx.now().toISOString(), stale: false },
    signals: allSignals(found, (name) => unmeasured(name, steps, "the balancer does not measure it")),
  };
}

interface UsagePoint {
  cpuPercent: number | null;
  memoryBytes: number | null;
  inFlight: number | null;
}

/** Per step, over all versions; 100 % is one core in use all the time. */
function usagePoints(rows: readonly TrafficCounts[], { startMs, stepSeconds, steps }: Grid): UsagePoint[] {
  const points = Array.from(
    { length: steps },
    (): UsagePoint => ({ cpuPercent: null, memoryBytes: null, inFlight: null }),
  );
  for (const { bucketAt, usage } of sumBy(rows, stepSeconds * 1_000)) {
    const point = points[Math.round((Date.parse(bucketAt) - startMs) / (stepSeconds * 1_000))];
    if (!point) continue;
    const cpuPercent = usage.cpuMs === null ? null : usage.cpuMs / (stepSeconds * 10);
    point.cpuPercent = plus(point.cpuPercent, cpuPercent);
    point.memoryBytes = plus(point.memoryBytes, usage.memoryBytes);
    point.inFlight = plus(point.inFlight, usage.inFlight);
  }
  return points;
}

/** unknown and a number is the number: a version that nobody measured hides no other */
const plus = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : a + b);
