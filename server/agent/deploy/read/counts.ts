import type { AgentContext } from "../../kernel/context.ts";
import { AppError } from "../../kernel/errors.ts";
import { TRAFFIC_BUCKETS_READ_MS } from "../../kernel/storage/retention.ts";
import type { TrafficCounts } from "../../ports/traffic.ts";
import type { ServiceRef } from "../../ports/workloads.ts";
import { sumBy } from "../../traffic/index.ts";
import { listCounts } from "../record/store-reads.ts";

/** What versions answered in a span of time: what was stored, and the newest seconds from the platform. */

/** a longer span is read in minutes */
const FINE_SPAN_MS = 2 * 3_600_000;
const SAMPLE_MS = 2_000;
/** by then a sample is complete and has been fetched */
const SETTLED_MS = 4_000;

export const stepSecondsFor = (from: Date, to: Date, now: Date): 10 | 60 =>
  to.getTime() - from.getTime() > FINE_SPAN_MS || now.getTime() - from.getTime() >= TRAFFIC_BUCKETS_READ_MS ? 60 : 10;

interface Counts {
  rows: TrafficCounts[];
  /** milliseconds since 1970; a bucket that reaches beyond holds only what came until then */
  countedUntil: number;
}

interface Span {
  from: Date;
  to: Date;
  stepSeconds: 10 | 60;
  versions: readonly string[];
}

/** Oldest first, per version; minutes come from the store alone. */
export async function countsBetween(
  ctx: AgentContext,
  { service, environment }: ServiceRef,
  span: Span,
): Promise<Counts> {
  const ref = { service, environment };
  const stored = await listCounts(ctx.db, ref, span);
  const [from, to] = [span.from.getTime(), span.to.getTime()];
  const newest = Math.max(from, ...stored.slice(-1).map((one) => Date.parse(one.bucketAt) + span.stepSeconds * 1_000));
  if (span.stepSeconds === 60 || newest >= to) return { rows: stored, countedUntil: to };
  const samples = (await freshSamples(ctx, ref, newest)).filter((one) => startOf(one) + SAMPLE_MS <= to);
  const settled = Math.floor((ctx.now().getTime() - SETTLED_MS) / SAMPLE_MS) * SAMPLE_MS;
  const answered = samples.filter((one) => one.requests > 0 && span.versions.includes(one.version));
  const fresh = sumBy(answered, 10_000).filter((one) => startOf(one) >= newest);
  return {
    rows: [...stored, ...fresh],
    // idle instances are sampled, too, and so tell how far the counting is
    countedUntil: Math.min(to, Math.max(newest, settled, ...samples.map((one) => startOf(one) + SAMPLE_MS))),
  };
}

const startOf = (row: TrafficCounts) => Date.parse(row.bucketAt);

async function freshSamples(ctx: AgentContext, ref: ServiceRef, sinceMs: number): Promise<TrafficCounts[]> {
  try {
    return await ctx.platform.traffic.samplesSince({ ...ref, since: new Date(sinceMs) });
  } catch (error) {
    if (error instanceof AppError && (error.code === "UPSTREAM_UNAVAILABLE" || error.code === "NOT_FOUND")) return [];
    throw error;
  }
}
