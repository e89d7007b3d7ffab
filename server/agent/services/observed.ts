import { catalogOf } from "../catalog/catalog.ts";
import { servicesHeard } from "../ingest/index.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError, type ErrorCode } from "../kernel/errors.ts";
import { can } from "../kernel/permissions.ts";
import { observedCounts, observedLatencies, observedLatest } from "../metrics/index.ts";
import type { MetricsSource } from "../ports/metrics-source.ts";
import type { SourceInfo, TimeWindow } from "../ports/source.ts";
import type { ServedCounts, TraceSource } from "../ports/trace-source.ts";
import { quantileMs } from "../telemetry/histogram.ts";
import { limitsOf } from "../telemetry/service-limits.ts";
import { isBeyond, type ServedFigures } from "./judge-service.ts";

/** A service that is not configured: only its telemetry tells of it. */
export interface ObservedService {
  service: string;
  /** ISO 8601: by when telemetry last came from it, up to a minute after it did */
  lastSeen: string;
  /** null when nothing tells what it serves */
  window: ServedFigures | null;
  newest: ServedFigures | null;
  /** by when the newest requests were made, where none were in the window, in ms since 1970; null where nothing tells */
  lastRequestsMs: number | null;
  /** from when it first served in the window to its end; null or absent: not known */
  servedSeconds?: number | null;
}

/** All of them, and what is not known. */
export interface Observed {
  services: ObservedService[];
  /** how many more there are, of which fewer requests fail */
  unlisted: number;
  /** sources that did not answer in time: what only they know is missing */
  silent: string[];
}

/** spans are counted by the minute */
const MINUTE_MS = 60_000;
const WINDOW_MS = 5 * MINUTE_MS;
/** a source that answers later is left out of this reading */
const PATIENCE_MS = 2_000;
/** the figures of all services at once: measured 1.1 s for 9,000 series of 500 services on a busy machine */
const METRICS_PATIENCE_MS = 6_000;
const FRESH_MS = 15_000;
const MOST = 2_000;
const LATE = Symbol("late");
/** requests that are no longer in the window do not move: when the last ones were is read this often */
const LAST_FRESH_MS = MINUTE_MS;
/** one that sent nothing for so long has no row until it sends again */
const SILENT_MS = 3_600_000;
const ABSENT: readonly ErrorCode[] = ["PRECONDITION", "UPSTREAM_UNAVAILABLE", "UPSTREAM_REJECTED", "TIMEOUT"];

/** What is asked, and who of those that could tell did not: absent, away, or late. */
function createAsking() {
  const silent = new Set<string>();
  /** null for a source that does not tell; one that is not configured is not missed */
  async function asked<T>(who: string, reading: () => Promise<T>, patienceMs = PATIENCE_MS): Promise<T | null> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<typeof LATE>((resolve) => {
      timer = setTimeout(() => resolve(LATE), patienceMs);
    });
    try {
      const told = await Promise.race([reading(), late]);
      if (told !== LATE) return told;
      silent.add(who);
      return null;
    } catch (error) {
      if (!(error instanceof AppError && ABSENT.includes(error.code))) throw error;
      if (error.code !== "PRECONDITION") silent.add(who);
      return null;
    } finally {
      clearTimeout(timer);
    }
  }
  return { asked, silent };
}
type Asking = ReturnType<typeof createAsking>;

const figuresOf = ({ calls, errors, latency }: ServedCounts): ServedFigures => ({
  requests: calls,
  failed: errors,
  p95Ms: quantileMs(latency, 0.95),
});

type Signal = "traces" | "metrics" | "logs";
const nameOf = (signal: Signal, { address }: SourceInfo): string => `${address ?? "the built-in store"} (${signal})`;

interface MetricFigures {
  window: Map<string, ServedFigures>;
  newest: Map<string, ServedFigures>;
}

interface Place {
  window: TimeWindow;
  environment: string | undefined;
}

/** The external source of a signal, where one is configured, and the built-in store. */
async function homesOf<S extends { info: SourceInfo }>(
  { asked }: Asking,
  choose: (wanted?: { home: "built-in" }) => S,
): Promise<S[]> {
  const chosen = await asked("", async () => choose());
  if (chosen === null) return [];
  return chosen.info.address === null ? [chosen] : [chosen, choose({ home: "built-in" })];
}

async function served(ctx: AgentContext, asking: Asking, place: Place): Promise<ServedCounts[]> {
  const sources = await homesOf<TraceSource>(asking, (wanted) => ctx.telemetry.traces(wanted));
  const counts = await Promise.all(
    sources.map((source) =>
      asking.asked(
        nameOf("traces", source.info),
        async () => (await source.served?.({ ...place, exact: true }))?.data ?? [],
      ),
    ),
  );
  return counts.flatMap((found) => found ?? []);
}

async function metricFigures(
  { asked }: Asking,
  source: MetricsSource,
  { window, environment }: Place,
  part: "all" | "newest",
): Promise<Map<string, ServedFigures>> {
  const name = nameOf("metrics", source.info);
  const [counts, latencies] = await Promise.all([
    asked(name, () => observedCounts(source, window, environment, part), METRICS_PATIENCE_MS),
    asked(name, () => observedLatencies(source, window, environment, part), METRICS_PATIENCE_MS),
  ]);
  const untold = { p95Ms: null, p95Bounds: null };
  return new Map([...(counts ?? [])].map(([name, count]) => [name, { ...count, ...(latencies?.get(name) ?? untold) }]));
}

/**
 * What metrics tell of those without spans: a few queries for all of them together. The newest part is only asked for
 * where somebody is beyond a limit: it can do nothing but end that early.
 */
async function servedByMetrics(ctx: AgentContext, asking: Asking, place: Place): Promise<MetricFigures> {
  const sources = await homesOf<MetricsSource>(asking, (wanted) => ctx.telemetry.metrics(wanted));
  const told = await Promise.all(
    sources.map(async (source) => {
      const window = await metricFigures(asking, source, place, "all");
      const isBad = [...window].some(([service, figures]) => isBeyond(figures, limitsOf(ctx.config, service)));
      const newest = isBad ? await metricFigures(asking, source, place, "newest") : new Map<string, ServedFigures>();
      return { window, newest };
    }),
  );
  // the first source is the one that is chosen; both parts of a service come from the same one
  const figures: MetricFigures = { window: new Map(), newest: new Map() };
  for (const { window, newest } of told)
    for (const [service, found] of window) {
      if (figures.window.has(service)) continue;
      figures.window.set(service, found);
      const part = newest.get(service);
      if (part) figures.newest.set(service, part);
    }
  return figures;
}

/** By when each service's newest requests of the last hour were made, in ms since 1970, as spans and metrics tell it. */
async function readLastRequests(ctx: AgentContext, environment: string | undefined): Promise<Map<string, number>> {
  const nowMs = ctx.now().getTime();
  const fromMs = Math.floor((nowMs - SILENT_MS) / MINUTE_MS) * MINUTE_MS;
  const place = { window: { from: new Date(fromMs), to: new Date(nowMs) }, environment };
  const asking = createAsking();
  const byMetrics = async () => {
    const sources = await homesOf<MetricsSource>(asking, (wanted) => ctx.telemetry.metrics(wanted));
    const ask = (source: MetricsSource) => () => observedLatest(source, place.window, environment);
    return Promise.all(
      sources.map((source) => asking.asked(nameOf("metrics", source.info), ask(source), METRICS_PATIENCE_MS)),
    );
  };
  const [spans, metrics] = await Promise.all([served(ctx, asking, place), byMetrics()]);
  const latest = new Map<string, number>();
  const note = (service: string, endMs: number) =>
    latest.set(service, Math.max(Math.min(endMs, nowMs), latest.get(service) ?? 0));
  for (const { service, lastMs } of spans) if (lastMs !== undefined) note(service, lastMs + MINUTE_MS);
  for (const found of metrics) for (const [service, endMs] of found ?? []) note(service, endMs);
  return latest;
}

/** All that sent something or that an external source knows, with when (ms); by environment only figures tell apart. */
async function namesOf(
  ctx: AgentContext,
  { asked }: Asking,
  { window, environment }: Place,
): Promise<Map<string, number>> {
  if (environment !== undefined) return new Map();
  const external = async <S extends { info: SourceInfo }>(
    signal: Signal,
    choose: () => S,
    read: (source: S) => Promise<string[]>,
  ): Promise<string[]> => {
    const source = await asked("", async () => choose());
    if (source === null || source.info.address === null) return [];
    return (await asked(nameOf(signal, source.info), () => read(source))) ?? [];
  };
  const [arrived, ...inWindow] = await Promise.all([
    asked("the built-in store", () => servicesHeard(ctx)),
    external(
      "traces",
      () => ctx.telemetry.traces(),
      async (source) => (await source.services(window)).data,
    ),
    external(
      "logs",
      () => ctx.telemetry.logs(),
      async (source) => (await source.origins({ window })).data.map(({ service }) => service),
    ),
  ]);
  const since = ctx.now().getTime() - SILENT_MS;
  const heard = (arrived ?? []).map(({ service, lastAt }) => [service, Date.parse(lastAt)] as const);
  const known = inWindow.flat().map((name) => [name, window.to.getTime()] as const);
  return new Map([...heard.filter(([, atMs]) => atMs > since), ...known]);
}

/** Stopped by order, in every environment that is asked about: what it once sent makes no row. */
function isRemoved({ config }: AgentContext, service: string, environment: string | undefined): boolean {
  const { removedServices } = config;
  const asked = environment === undefined ? catalogOf(config).environments : [environment];
  return removedServices.includes(service) || asked.every((name) => removedServices.includes(`${service}/${name}`));
}

/** @param before what was read before: while a source is silent, nobody vanishes that only it may know */
async function read(
  ctx: AgentContext,
  environment: string | undefined,
  before: readonly ObservedService[],
): Promise<Observed> {
  const to = ctx.now();
  const ago = (ms: number): number => to.getTime() - ms;
  const window = { from: new Date(ago(WINDOW_MS)), to };
  const minute = { from: new Date(ago(MINUTE_MS)), to };
  const asking = createAsking();
  const [names, inWindow, inMinute, byMetrics] = await Promise.all([
    namesOf(ctx, asking, { window, environment }),
    served(ctx, asking, { window, environment }),
    served(ctx, asking, { window: minute, environment }),
    servedByMetrics(ctx, asking, { window, environment }),
  ]);
  const since = ago(SILENT_MS);
  const held = asking.silent.size === 0 ? [] : before.filter(({ lastSeen }) => Date.parse(lastSeen) >= since);
  const heldAt = new Map(held.map(({ service, lastSeen }) => [service, lastSeen]));
  const configured = new Set(catalogOf(ctx.config).serviceNames);
  const traced = inWindow.map(({ service }) => service);
  const now = new Set([...traced, ...byMetrics.window.keys(), ...names.keys()]);
  const figured = [...new Set([...now, ...heldAt.keys()])]
    .filter((service) => service !== "" && !configured.has(service) && !isRemoved(ctx, service, environment))
    .map((service) => {
      const found = inWindow.find((one) => one.service === service);
      const newest = inMinute.find((one) => one.service === service);
      const told = found
        ? { window: figuresOf(found), newest: newest ? figuresOf(newest) : null }
        : { window: byMetrics.window.get(service), newest: byMetrics.newest.get(service) };
      return { service, sinceMs: found?.sinceMs ?? null, ...told };
    });
  const isIdle = ({ window: served }: { window?: ServedFigures | undefined }): boolean => (served?.requests ?? 0) === 0;
  const last = figured.some(isIdle) ? await lastRequests(ctx, environment) : new Map<string, number>();
  const services = figured
    .map((one): ObservedService => {
      const { service } = one;
      const lastMs = isIdle(one) ? last.get(service) : undefined;
      const seenMs = names.get(service) ?? to.getTime();
      return {
        service,
        lastSeen: now.has(service) ? new Date(seenMs).toISOString() : (heldAt.get(service) ?? to.toISOString()),
        window: one.window ?? null,
        newest: one.newest ?? null,
        lastRequestsMs: lastMs === undefined ? null : Math.min(lastMs, window.from.getTime()),
        servedSeconds: one.sinceMs == null ? null : (to.getTime() - one.sinceMs) / 1_000,
      };
    })
    .sort(mostFailedFirst);
  return {
    services: services.slice(0, MOST),
    unlisted: Math.max(0, services.length - MOST),
    silent: [...asking.silent].sort(),
  };
}

const failedOf = ({ window }: ObservedService): number => window?.failed ?? -1;
const mostFailedFirst = (a: ObservedService, b: ObservedService): number =>
  failedOf(b) - failedOf(a) || (a.service < b.service ? -1 : 1);

type LastRequests = { atMs: number; told: Promise<Map<string, number>> };
const lastReadings = new WeakMap<AgentContext["telemetry"], Map<string, LastRequests>>();

/** What `readLastRequests` tells, read at most every minute. */
function lastRequests(ctx: AgentContext, environment: string | undefined): Promise<Map<string, number>> {
  const known = lastReadings.get(ctx.telemetry) ?? new Map<string, LastRequests>();
  lastReadings.set(ctx.telemetry, known);
  const key = environment ?? "";
  const atMs = ctx.now().getTime();
  const last = known.get(key);
  if (last && Math.abs(atMs - last.atMs) < LAST_FRESH_MS) return last.told;
  const told = readLastRequests(ctx, environment);
  known.set(key, { atMs, told });
  told.catch(() => known.delete(key));
  return told;
}

type Reading = { atMs: number; observed: Promise<Observed> };
const readings = new WeakMap<AgentContext["telemetry"], Map<string, Reading>>();
const NOBODY: Observed = { services: [], unlisted: 0, silent: [] };

/**
 * Services that are not configured, with what they served in the five minutes up to now: from spans, else from the
 * metrics of the SLI template that fits. One that has been silent for an hour or that `removedServices` names is left
 * out. Read at most every 15 s, whoever asks. Nothing for those who may not read telemetry.
 */
export async function listObserved(ctx: AgentContext, environment: string | undefined): Promise<Observed> {
  if (!can(ctx.actor.role, "telemetry.read")) return NOBODY;
  const known = readings.get(ctx.telemetry) ?? new Map<string, Reading>();
  readings.set(ctx.telemetry, known);
  const key = environment ?? "";
  const nowMs = ctx.now().getTime();
  const last = known.get(key);
  if (last && Math.abs(nowMs - last.atMs) < FRESH_MS) return last.observed;
  const before = Promise.resolve(last?.observed).catch(() => undefined);
  const reading = { atMs: nowMs, observed: before.then((told) => read(ctx, environment, told?.services ?? [])) };
  known.set(key, reading);
  reading.observed.catch(() => {
    if (known.get(key) === reading) known.delete(key);
  });
  return reading.observed;
}

/** What the list cannot say, as a sentence; null when it says all. */
export function unseenSentence({ silent, unlisted }: Observed): string | null {
  const away =
    silent.length === 0
      ? []
      : [`No answer in time from ${silent.join(", ")}: what only it tells of services is unknown`];
  const more =
    unlisted === 0
      ? []
      : [
          `${unlisted} more services that are not configured send telemetry and are not listed: configure those that matter`,
        ];
  return [...away, ...more].join(" · ") || null;
}
