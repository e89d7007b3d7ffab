import { catalogOf } from "../../catalog/catalog.ts";
import { listServiceHealth } from "../../health/index.ts";
import type { Runtime } from "../../kernel/context.ts";
import type { UsesPlatform } from "../../ports/platform.ts";
import type { TrafficCounts } from "../../ports/traffic.ts";
import type { ServiceRef } from "../../ports/workloads.ts";
import { listEvents } from "../../timeline/index.ts";
import { listTraffic } from "../../traffic/index.ts";
import type { Dependent } from "../judge/dependents.ts";
import { countPending, pendingLimitMs, withPending } from "../judge/pending.ts";
import { listDeployedSince } from "../record/store-reads.ts";
import type { DeploymentPlan } from "../run/procedure.ts";
import { countedSince, startOf, withoutStalled } from "./counted-rows.ts";

/** What the judge compares, brought together. */
export interface Evidence extends ComparedRows {
  dependents: Dependent[];
  /** milliseconds since 1970: until then the new version warmed up; left out when it had no time to */
  warmUntil?: number | undefined;
}

/** How long the new version may warm up from the beginning of its step or hold on. */
export interface WarmUp {
  seconds: number;
  /** left out where nothing bounds it */
  mostSeconds?: number | undefined;
}

interface ComparedRows {
  baseline: TrafficCounts[];
  candidate: TrafficCounts[];
  /** the version before in the candidate's own time: what a hold or a watch is compared with was counted earlier */
  beside: TrafficCounts[];
  /** requests of each side that were counted while the balancer itself stood still: in neither list */
  leftOut: { baseline: number; candidate: number };
  /** milliseconds since 1970, of the candidate's buckets */
  from: number;
  to: number;
}

const BUCKET_MS = 2_000;
/** the running version's minutes before the new one got everything */
const BEFORE_MS = 5 * 60_000;

/**
 * Both versions since `since`; for a hold, in which the old version has no requests any more, its minutes before that.
 * Buckets are whole: what is still being counted is left out. Requests that hang are counted while they do.
 */
export async function collect(
  runtime: Runtime,
  plan: Compared & Pick<DeploymentPlan, "startedAt">,
  kind: "step" | "hold",
  since: number,
  warmUp: WarmUp = { seconds: 0 },
): Promise<Evidence> {
  const rows = await comparedRows(runtime, plan, kind, since);
  return {
    ...rows,
    dependents: await dependentsOf(runtime, plan, rows.from),
    warmUntil: warmUp.seconds > 0 ? warmUntil(since, warmUp) : undefined,
  };
}

/** In whole buckets: the end of the warm-up is rounded up, the most that it may take is rounded down. */
function warmUntil(since: number, { seconds, mostSeconds = Infinity }: WarmUp): number {
  const end = Math.ceil((since + seconds * 1_000) / BUCKET_MS) * BUCKET_MS;
  const most = Math.floor((since + mostSeconds * 1_000) / BUCKET_MS) * BUCKET_MS;
  return Math.min(end, most);
}

type Compared = Pick<DeploymentPlan, "service" | "environment" | "version" | "previousVersion">;

/** The requests of both versions that the judge compares, by `collect`'s rules. */
export async function comparedRows(
  runtime: Pick<Runtime, "db"> & UsesPlatform<"traffic">,
  plan: Compared,
  kind: "step" | "hold",
  since: number,
): Promise<ComparedRows> {
  const { service, environment, version, previousVersion } = plan;
  const from = Math.ceil(since / BUCKET_MS) * BUCKET_MS;
  const baselineFrom = kind === "hold" ? from - BEFORE_MS : from;
  const rows = await countedSince(runtime, { service, environment }, baselineFrom);
  const of = (name: string | null, begin: number, end: number) =>
    withoutStalled(rows.filter((row) => row.version === name && startOf(row) >= begin && startOf(row) < end));
  const beside = of(previousVersion, from, Infinity);
  const candidate = of(version, from, Infinity);
  const baseline = kind === "hold" ? of(previousVersion, baselineFrom, from) : beside;
  const limitMs = pendingLimitMs(candidate.rows, baseline.rows);
  return {
    baseline: countPending(baseline.rows, limitMs),
    candidate: countPending(candidate.rows, limitMs),
    beside: countPending(beside.rows, limitMs),
    leftOut: { baseline: baseline.leftOut, candidate: candidate.leftOut },
    from,
    to: Math.max(from, ...candidate.rows.map((row) => startOf(row) + BUCKET_MS)),
  };
}

/** Services that call this one directly, since `from` and for as long before the deployment began. */
export async function dependentsOf(
  runtime: Runtime,
  { service, environment, startedAt }: Pick<DeploymentPlan, "service" | "environment" | "startedAt">,
  from: number,
): Promise<Dependent[]> {
  const { config, db } = runtime;
  const catalog = catalogOf(config);
  const names = catalog.dependentsOf(service).filter((name) => catalog.runsIn(name, environment));
  if (names.length === 0) return [];
  const health = await healthOf(runtime, environment, new Date(startedAt));
  const deployed = await listDeployedSince(db, {
    environment,
    besides: service,
    since: new Date(startedAt - BEFORE_MS),
  });
  return Promise.all(
    names.map(async (name) => {
      const ref: ServiceRef = { service: name, environment };
      const since = new Date(startedAt - BEFORE_MS);
      const before = withoutStalled(await listTraffic(db, { since, resolution: 10, ref })).rows;
      return {
        service: name,
        before: before.filter((row) => startOf(row) + 10_000 <= startedAt),
        during: withPending(withoutStalled(await countedSince(runtime, ref, from)).rows, before),
        wasHealthy: health.get(name)?.was ?? null,
        isHealthy: health.get(name)?.is ?? null,
        deployedToo: deployed.filter((one) => one === name || catalog.dependenciesOf(name).includes(one)),
      };
    }),
  );
}

const healthy = (state: string): boolean | null =>
  state === "up" || state === "degraded" ? true : state === "down" ? false : null;

async function healthOf(
  { db, now }: Runtime,
  environment: string,
  before: Date,
): Promise<Map<string, { was: boolean | null; is: boolean | null }>> {
  const [states, { events }] = await Promise.all([
    listServiceHealth(db, now()),
    listEvents(db, { from: before, environment, kinds: ["health.changed"], limit: 500 }),
  ]);
  return new Map(
    states
      .filter((one) => one.environment === environment)
      .map((one) => {
        const first = events.findLast(({ subject }) => subject === one.targetId);
        return [one.service, { was: healthy(first?.detail.from ?? one.state), is: healthy(one.state) }];
      }),
  );
}
