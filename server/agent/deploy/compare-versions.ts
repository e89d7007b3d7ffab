import type { z } from "zod";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { authorize } from "../kernel/permissions.ts";
import type { ServiceRef, TrafficCounts } from "../ports/platform.ts";
import { trafficSeries } from "../traffic/index.ts";
import { compareCounts, summarise } from "./compare-rule.ts";
import { countsBetween } from "./get-series.ts";
import { currentVersionOf } from "./good-versions.ts";
import { resolveService } from "./plan.ts";
import type { CompareVersionsInput, CompareVersionsOutput } from "./schema.ts";
import { pageDeployments } from "./store.ts";
import { lastCounted, listKnownVersions } from "./store-reads.ts";

type Asked = z.output<typeof CompareVersionsInput>;
type Answer = z.infer<typeof CompareVersionsOutput>;

const BUCKET_MS = 10_000;
/** buckets of both versions in the same ten seconds, from which on they count as serving side by side */
const LEAST_COMMON = 3;
/** 10-second buckets are kept two days */
const FINE_MS = 47 * 3_600_000;

interface Window {
  version: string;
  from: Date;
  to: Date;
  rows: TrafficCounts[];
}

/**
 * One version against another: in the minutes in which both served, as during a canary, else each one's newest.
 * @throws FORBIDDEN without deployment.read, NOT_FOUND, INVALID for the same version twice
 */
export async function compareVersions(ctx: AgentContext, input: Asked): Promise<Answer> {
  authorize(ctx, "deployment.read");
  resolveService(ctx.config, input);
  const ref = { service: input.service, environment: input.environment };
  const versions = await listKnownVersions(ctx.db, ref);
  const { baseline, candidate } = await chooseVersions(ctx, ref, input, versions);
  if (baseline !== null && baseline === candidate)
    throw new AppError("INVALID", `Compare ${candidate} with another version.`, { details: { allowed: versions } });
  const span = input.minutes * 60_000;
  const [old, fresh] = await Promise.all([windowOf(ctx, ref, baseline, span), windowOf(ctx, ref, candidate, span)]);
  const common = old && fresh && commonWindow(old, fresh);
  const sides = common ?? { old, fresh };
  const seconds = (side: Window | null) => (side ? (side.to.getTime() - side.from.getTime()) / 1_000 : 0);
  const metrics = compareCounts(sides.old?.rows ?? [], sides.fresh?.rows ?? [], {
    baseline: seconds(sides.old),
    candidate: seconds(sides.fresh),
  });
  return {
    ...ref,
    baseline: sideOf(sides.old),
    candidate: sideOf(sides.fresh),
    sameMinutes: common !== null && common !== undefined,
    summary: summaryOf(sides.old, sides.fresh, { baseline, candidate }, metrics),
    metrics,
    versions: [...new Set([candidate, baseline, ...versions].flatMap((one) => one ?? []))],
    ...seriesOf(sides.old, sides.fresh),
  };
}

async function chooseVersions(
  ctx: AgentContext,
  ref: ServiceRef,
  input: Asked,
  known: readonly string[],
): Promise<{ baseline: string | null; candidate: string | null }> {
  const { items } = await pageDeployments(ctx.db, ref, 20, undefined);
  const newest = items[0];
  const candidate =
    input.candidate ??
    newest?.version ??
    (await currentVersionOf(ctx, ref)) ??
    known.find((one) => one !== input.baseline);
  const before = items.find((one) => one.version === candidate)?.previousVersion;
  const baseline = input.baseline ?? (before === candidate ? null : before) ?? known.find((one) => one !== candidate);
  return { baseline: baseline ?? null, candidate: candidate ?? null };
}

/** The newest `spanMs` in which a version was counted; null when it was not. */
async function windowOf(
  ctx: AgentContext,
  ref: ServiceRef,
  version: string | null,
  spanMs: number,
): Promise<Window | null> {
  if (version === null) return null;
  const now = ctx.now().getTime();
  const last = await lastCounted(ctx.db, ref, version);
  // its minute is stored with the first ten seconds of it
  const to = new Date(last === null ? now : Math.min(now, last.getTime() + 60_000));
  const from = new Date(to.getTime() - spanMs);
  const stepSeconds = now - from.getTime() < FINE_MS ? 10 : 60;
  const all = await countsBetween(ctx, ref, { from, to, stepSeconds });
  const rows = all.filter((row) => row.version === version);
  const [first] = rows;
  return first ? { version, from: new Date(Math.max(from.getTime(), Date.parse(first.bucketAt))), to, rows } : null;
}

function commonWindow(old: Window, fresh: Window): { old: Window; fresh: Window } | null {
  const times = new Set(old.rows.map((row) => row.bucketAt));
  const shared = fresh.rows.filter((row) => times.has(row.bucketAt)).map((row) => row.bucketAt);
  if (shared.length < LEAST_COMMON) return null;
  const both = new Set(shared);
  const starts = shared.map((at) => Date.parse(at));
  const [from, to] = [new Date(Math.min(...starts)), new Date(Math.max(...starts) + BUCKET_MS)];
  const cut = (side: Window): Window => ({
    ...side,
    from,
    to,
    rows: side.rows.filter((row) => both.has(row.bucketAt)),
  });
  return { old: cut(old), fresh: cut(fresh) };
}

const sideOf = (side: Window | null): Answer["baseline"] =>
  side && {
    version: side.version,
    from: side.from.toISOString(),
    to: side.to.toISOString(),
    requests: side.rows.reduce((sum, row) => sum + row.requests, 0),
  };

function summaryOf(
  old: Window | null,
  fresh: Window | null,
  asked: { baseline: string | null; candidate: string | null },
  metrics: Answer["metrics"],
): string {
  if (asked.candidate === null || asked.baseline === null)
    return "Only one version has run here; there is nothing to compare";
  const missing = [old ? null : asked.baseline, fresh ? null : asked.candidate].filter((one) => one !== null);
  if (missing.length > 0) return `Nothing was counted of ${missing.join(" and ")} in the time that is kept`;
  return summarise(asked.candidate, asked.baseline, metrics);
}

function seriesOf(old: Window | null, fresh: Window | null): Pick<Answer, "stepSeconds" | "series"> {
  const sides = [old, fresh].filter((one) => one !== null);
  const times = sides.flatMap((one) => [one.from.getTime(), one.to.getTime()]);
  const [from, to] = [new Date(Math.min(...times)), new Date(Math.max(...times))];
  const stepSeconds = times.length > 0 && to.getTime() - from.getTime() > 2 * 3_600_000 ? 60 : 10;
  return {
    stepSeconds,
    series: sides.map((side) => ({
      version: side.version,
      role: side === old ? "old" : "new",
      points: trafficSeries(side.rows, { from, to, stepSeconds }),
    })),
  };
}
