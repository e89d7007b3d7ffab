import { listHealthChanges, listServiceHealth } from "../../health/index.ts";
import type { Runtime } from "../../kernel/context.ts";
import type { ServiceRef, TrafficCounts } from "../../ports/platform.ts";
import { listTraffic } from "../../traffic/index.ts";
import type { Dependent } from "../judge/dependents.ts";
import { countPending, pendingLimitMs, withPending } from "../judge/pending.ts";
import type { DeploymentPlan } from "../procedure.ts";

/** What the judge compares, brought together. */
export interface Evidence {
  baseline: TrafficCounts[];
  candidate: TrafficCounts[];
  dependents: Dependent[];
  /** milliseconds since 1970, of the candidate's buckets */
  from: number;
  to: number;
}

const BUCKET_MS = 2_000;
/** the running version's minutes before the new one got everything */
const BEFORE_MS = 5 * 60_000;

const startOf = (row: TrafficCounts) => Date.parse(row.bucketAt);

/**
 * Both versions since `since`; for a hold, in which the old version has no requests any more, its minutes before that.
 * Buckets are whole: what is still being counted is left out. Requests that hang are counted while they do.
 */
export async function collect(
  runtime: Runtime,
  plan: Pick<DeploymentPlan, "service" | "environment" | "version" | "previousVersion" | "startedAt">,
  kind: "step" | "hold",
  since: number,
): Promise<Evidence> {
  const { service, environment, version, previousVersion } = plan;
  const from = Math.ceil(since / BUCKET_MS) * BUCKET_MS;
  const baselineFrom = kind === "hold" ? from - BEFORE_MS : from;
  const rows = await comparable(runtime, { service, environment }, baselineFrom);
  const of = (name: string | null, begin: number, end: number) =>
    rows.filter((row) => row.version === name && startOf(row) >= begin && startOf(row) < end);
  const [baseline, candidate] = [
    kind === "hold" ? of(previousVersion, baselineFrom, from) : of(previousVersion, from, Infinity),
    of(version, from, Infinity),
  ];
  const limitMs = pendingLimitMs(candidate, baseline);
  return {
    baseline: countPending(baseline, limitMs),
    candidate: countPending(candidate, limitMs),
    dependents: await dependentsOf(runtime, plan, from),
    from,
    to: Math.max(from, ...candidate.map((row) => startOf(row) + BUCKET_MS)),
  };
}

/** The samples in which what took long was the service's doing. */
const comparable = async ({ platform }: Pick<Runtime, "platform">, ref: ServiceRef, sinceMs: number) =>
  (await platform.samplesSince({ ...ref, since: new Date(sinceMs) })).filter((row) => row.stalled !== true);

/** Services that call this one directly, since `from` and for as long before the deployment began. */
export async function dependentsOf(
  runtime: Runtime,
  { service, environment, startedAt }: Pick<DeploymentPlan, "service" | "environment" | "startedAt">,
  from: number,
): Promise<Dependent[]> {
  const { config, db } = runtime;
  const names = config.services
    .filter((one) => one.dependsOn.includes(service) && Object.hasOwn(one.environments, environment))
    .map((one) => one.name);
  if (names.length === 0) return [];
  const health = await healthOf(runtime, environment, new Date(startedAt));
  return Promise.all(
    names.map(async (name) => {
      const ref: ServiceRef = { service: name, environment };
      const since = new Date(startedAt - BEFORE_MS);
      const before = await listTraffic(db, { since, resolution: 10, ref });
      return {
        service: name,
        before: before.filter((row) => startOf(row) + 10_000 <= startedAt),
        during: withPending(await comparable(runtime, ref, from), before),
        wasHealthy: health.get(name)?.was ?? null,
        isHealthy: health.get(name)?.is ?? null,
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
  const [states, changes] = await Promise.all([listServiceHealth(db, now()), listHealthChanges(db, before, 500)]);
  return new Map(
    states
      .filter((one) => one.environment === environment)
      .map((one) => {
        const first = changes.findLast((change) => change.targetId === one.targetId);
        return [one.service, { was: healthy(first?.from ?? one.state), is: healthy(one.state) }];
      }),
  );
}
