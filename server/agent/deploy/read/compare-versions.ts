import type { z } from "zod";
import { catalogOf } from "../../catalog/catalog.ts";
import type { AgentContext } from "../../kernel/context.ts";
import { AppError } from "../../kernel/errors.ts";
import { authorize } from "../../kernel/permissions.ts";
import type { TrafficCounts } from "../../ports/traffic.ts";
import type { ServiceRef } from "../../ports/workloads.ts";
import { trafficSeries } from "../../traffic/index.ts";
import { withoutStalled } from "../analysis/counted-rows.ts";
import { rulesFor } from "../config.ts";
import { pageDeployments } from "../record/store.ts";
import { lastCounted, listKnownVersions } from "../record/store-reads.ts";
import { currentVersionOf } from "../request/good-versions.ts";
import type { CompareVersionsInput, CompareVersionsOutput } from "../schema.ts";
import { compareCounts, summarise } from "./compare-rule.ts";
import { countsBetween, stepSecondsFor } from "./counts.ts";

type CompareRequest = z.output<typeof CompareVersionsInput>;
type Answer = z.infer<typeof CompareVersionsOutput>;

/** buckets of both versions at the same time, from which on they count as serving side by side */
const LEAST_COMMON = 3;

interface Span {
  from: Date;
  to: Date;
}

interface Window extends Span {
  version: string;
  rows: TrafficCounts[];
  /** counted while the balancer itself stood still: in no figure */
  stalled: TrafficCounts[];
  /** that the rows cover: less than from … to when other times lie between */
  seconds: number;
}

/**
 * One version against another: in the minutes in which both served, as during a canary, else each one's newest.
 * @throws FORBIDDEN without deployment.read, NOT_FOUND, INVALID for the same version twice
 */
export async function compareVersions(ctx: AgentContext, input: CompareRequest): Promise<Answer> {
  authorize(ctx, "deployment.read");
  catalogOf(ctx.config).getService(input);
  const ref = { service: input.service, environment: input.environment };
  const versions = await listKnownVersions(ctx.db, ref);
  const { baseline, candidate } = await chooseVersions(ctx, ref, input, versions);
  if (baseline !== null && baseline === candidate)
    throw new AppError("INVALID", `Compare ${candidate} with another version.`, { details: { allowed: versions } });
  const sides = await sidesOf(ctx, ref, { baseline, candidate }, input.minutes * 60_000);
  const metrics = compareCounts(
    sides.old?.rows ?? [],
    sides.fresh?.rows ?? [],
    {
      baseline: sides.old?.seconds ?? 0,
      candidate: sides.fresh?.seconds ?? 0,
    },
    rulesFor(ctx.config, input.service).analysis,
  );
  return {
    ...ref,
    baseline: sideOf(sides.old),
    candidate: sideOf(sides.fresh),
    sameMinutes: sides.same,
    leftOut: sides.stepSeconds === 60 ? null : { baseline: leftOutOf(sides.old), candidate: leftOutOf(sides.fresh) },
    summary: summaryOf(sides.old, sides.fresh, { baseline, candidate }, metrics),
    metrics,
    versions: [...new Set([candidate, baseline, ...versions].flatMap((one) => one ?? []))],
    ...seriesOf(sides),
  };
}

async function chooseVersions(
  ctx: AgentContext,
  ref: ServiceRef,
  input: CompareRequest,
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

interface Sides {
  old: Window | null;
  fresh: Window | null;
  same: boolean;
  stepSeconds: 10 | 60;
}

/** Both versions in buckets of one length: in the minutes they have in common, else each one's newest. */
async function sidesOf(
  ctx: AgentContext,
  ref: ServiceRef,
  { baseline, candidate }: { baseline: string | null; candidate: string | null },
  spanMs: number,
): Promise<Sides> {
  const now = ctx.now();
  const spans = await Promise.all([baseline, candidate].map((version) => newestSpan(ctx, ref, version, spanMs)));
  const [oldSpan, freshSpan] = [spans[0] ?? null, spans[1] ?? null];
  const steps = spans.map((span) => (span ? stepSecondsFor(span.from, span.to, now) : 10));
  const stepSeconds = steps.includes(60) ? 60 : 10;
  const [old, fresh] = await Promise.all([
    windowOf(ctx, ref, baseline, oldSpan, stepSeconds),
    windowOf(ctx, ref, candidate, freshSpan, stepSeconds),
  ]);
  const sides = { old, fresh, same: false, stepSeconds } as const;
  const common = old && fresh && commonTimes(old, fresh);
  if (!old || !fresh || !common) return sides;
  const { from, to } = common.span;
  // a canary of minutes somewhere in a day: read finely, there is more to tell it by
  if (stepSeconds === 60 && stepSecondsFor(from, to, now) === 10) {
    const [fineOld, fineFresh] = await Promise.all([
      windowOf(ctx, ref, baseline, common.span, 10),
      windowOf(ctx, ref, candidate, common.span, 10),
    ]);
    const fine = fineOld && fineFresh && commonTimes(fineOld, fineFresh);
    if (fine && fine.times.size >= LEAST_COMMON)
      return { old: cut(fineOld, fine, 10), fresh: cut(fineFresh, fine, 10), same: true, stepSeconds: 10 };
  }
  if (common.times.size < LEAST_COMMON) return sides;
  return { old: cut(old, common, stepSeconds), fresh: cut(fresh, common, stepSeconds), same: true, stepSeconds };
}

/** The newest `spanMs` in which a version was counted; null when there is none to ask for. */
async function newestSpan(
  ctx: AgentContext,
  ref: ServiceRef,
  version: string | null,
  spanMs: number,
): Promise<Span | null> {
  if (version === null) return null;
  const now = ctx.now().getTime();
  const last = await lastCounted(ctx.db, ref, version);
  // its minute is stored with the first ten seconds of it
  const to = last === null ? now : Math.min(now, last.getTime() + 60_000);
  return { from: new Date(to - spanMs), to: new Date(to) };
}

/** Null when nothing was counted then. */
async function windowOf(
  ctx: AgentContext,
  ref: ServiceRef,
  version: string | null,
  span: Span | null,
  stepSeconds: 10 | 60,
): Promise<Window | null> {
  if (version === null || span === null) return null;
  const { rows: all, countedUntil } = await countsBetween(ctx, ref, { ...span, stepSeconds, versions: [version] });
  const { rows } = withoutStalled(all);
  const stalled = all.filter((row) => row.stalled === true);
  const [first] = rows;
  if (!first) return null;
  const from = new Date(first.bucketAt);
  // until where it was counted: the span may go on after the version, or hold what is not counted yet
  const endMs = Math.max(...rows.map((row) => Date.parse(row.bucketAt) + stepSeconds * 1_000));
  const seconds = (Math.min(countedUntil, endMs) - from.getTime()) / 1_000;
  return { version, from, to: span.to, rows, stalled, seconds };
}

interface Common {
  /** starts of the buckets in which both served */
  times: ReadonlySet<string>;
  span: Span;
}

/** Null when there is none. */
function commonTimes(old: Window, fresh: Window): Common | null {
  const served = new Set(old.rows.map((row) => row.bucketAt));
  const shared = fresh.rows.map((row) => row.bucketAt).filter((at) => served.has(at));
  const [first, last] = [shared[0], shared.at(-1)];
  if (first === undefined || last === undefined) return null;
  const end = Math.min(fresh.to.getTime(), Date.parse(last) + 60_000);
  return { times: new Set(shared), span: { from: new Date(first), to: new Date(end) } };
}

function cut(side: Window, { times, span }: Common, stepSeconds: number): Window {
  const rows = side.rows.filter((row) => times.has(row.bucketAt));
  const end = Math.max(span.from.getTime(), ...rows.map((row) => Date.parse(row.bucketAt) + stepSeconds * 1_000));
  return { ...side, rows, from: span.from, to: new Date(end), seconds: times.size * stepSeconds };
}

/** How many requests in the time of a side are in none of its figures. */
const leftOutOf = (side: Window | null): number =>
  (side?.stalled ?? [])
    .filter(
      ({ bucketAt }) => side && Date.parse(bucketAt) >= side.from.getTime() && Date.parse(bucketAt) < side.to.getTime(),
    )
    .reduce((sum, { requests }) => sum + requests, 0);

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

function seriesOf({ old, fresh, stepSeconds }: Sides): Pick<Answer, "stepSeconds" | "series"> {
  const sides = [old, fresh].filter((one) => one !== null);
  const times = sides.flatMap((one) => [one.from.getTime(), one.to.getTime()]);
  const [from, to] = [new Date(Math.min(...times)), new Date(Math.max(...times))];
  // far apart in time they share an axis of minutes
  const drawn = times.length > 0 && to.getTime() - from.getTime() > 2 * 3_600_000 ? 60 : stepSeconds;
  return {
    stepSeconds: drawn,
    series: sides.map((side) => ({
      version: side.version,
      role: side === old ? "old" : "new",
      points: trafficSeries(side.rows, { from, to, stepSeconds: drawn }),
    })),
  };
}
