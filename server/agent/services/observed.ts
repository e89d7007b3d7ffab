import { observedServices } from "../ingest/index.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError, type ErrorCode } from "../kernel/errors.ts";
import { quantileMs } from "../kernel/histogram.ts";
import { can } from "../kernel/permissions.ts";
import { observedFigures } from "../metrics/index.ts";
import type { TimeWindow } from "../ports/source.ts";
import type { ServedCounts, TraceSource } from "../ports/trace-source.ts";
import type { ServedFigures } from "./judge-service.ts";

/** A service that is not configured: only its telemetry tells of it. */
export interface ObservedService {
  service: string;
  /** ISO 8601, to the minute at worst: when telemetry last came from it */
  lastSeen: string;
  /** null when nothing tells what it serves */
  window: ServedFigures | null;
  newest: ServedFigures | null;
}

/** spans are rolled up by the minute, and the minute in progress is incomplete */
const MINUTE_MS = 60_000;
const WINDOW_MS = 5 * MINUTE_MS;
/** a source that answers later is left out of this reading */
const PATIENCE_MS = 2_000;
const FRESH_MS = 15_000;
/** each is some questions of its own; others are listed without figures */
const MOST_BY_METRICS = 20;
const MOST = 200;
/** one that sent nothing for so long has no row until it sends again */
const SILENT_MS = 3_600_000;
const ABSENT: readonly ErrorCode[] = ["PRECONDITION", "UPSTREAM_UNAVAILABLE", "UPSTREAM_REJECTED", "TIMEOUT"];

/** What a source says in time; null for one that is absent, does not answer, or is late. */
async function asked<T>(reading: () => Promise<T>): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS);
  });
  try {
    return await Promise.race([reading(), late]);
  } catch (error) {
    if (error instanceof AppError && ABSENT.includes(error.code)) return null;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const figuresOf = ({ calls, errors, latency }: ServedCounts): ServedFigures => ({
  requests: calls,
  failed: errors,
  p95Ms: quantileMs(latency, 0.95),
});

/** The built-in store and, where one is configured, the external source of traces. */
function traceSources({ telemetry }: AgentContext): TraceSource[] {
  const chosen = telemetry.traces();
  return chosen.info.address === null ? [chosen] : [chosen, telemetry.traces({ home: "built-in" })];
}

async function served(ctx: AgentContext, window: TimeWindow, environment: string | undefined): Promise<ServedCounts[]> {
  const answers = (await asked(async () => traceSources(ctx))) ?? [];
  const counts = await Promise.all(
    answers.map((source) => asked(async () => (await source.served?.({ window, environment }))?.data ?? [])),
  );
  return counts.flatMap((found) => found ?? []);
}

/** All that sent something or that an external source knows, with when (ms); by environment only spans tell apart. */
async function namesOf(
  ctx: AgentContext,
  window: TimeWindow,
  environment: string | undefined,
): Promise<Map<string, number>> {
  if (environment !== undefined) return new Map();
  const [arrived, traced, logged] = await Promise.all([
    asked(async () => (await observedServices(ctx)).services),
    asked(async () => {
      const source = ctx.telemetry.traces();
      return source.info.address === null ? [] : (await source.services(window)).data;
    }),
    asked(async () => {
      const source = ctx.telemetry.logs();
      return source.info.address === null ? [] : (await source.origins({ window })).data.map(({ service }) => service);
    }),
  ]);
  const since = ctx.now().getTime() - SILENT_MS;
  const heard = (arrived ?? []).map(({ service, lastAt }) => [service, Date.parse(lastAt)] as const);
  const inWindow = [traced, logged].flatMap((names) =>
    (names ?? []).map((name) => [name, window.to.getTime()] as const),
  );
  return new Map([...heard.filter(([, atMs]) => atMs >= since), ...inWindow]);
}

/** Stopped by order, in every environment that is asked about: what it once sent makes no row. */
function isRemoved({ config }: AgentContext, service: string, environment: string | undefined): boolean {
  const { removedServices, deploymentConfig } = config;
  const asked = environment === undefined ? deploymentConfig.environments : [environment];
  return removedServices.includes(service) || asked.every((name) => removedServices.includes(`${service}/${name}`));
}

async function read(ctx: AgentContext, environment: string | undefined): Promise<ObservedService[]> {
  const to = new Date(Math.floor(ctx.now().getTime() / MINUTE_MS) * MINUTE_MS);
  const window = { from: new Date(to.getTime() - WINDOW_MS), to };
  const minute = { from: new Date(to.getTime() - MINUTE_MS), to };
  const [names, inWindow, inMinute] = await Promise.all([
    namesOf(ctx, window, environment),
    served(ctx, window, environment),
    served(ctx, minute, environment),
  ]);
  const configured = new Set(ctx.config.services.map(({ name }) => name));
  const all = [...new Set([...inWindow.map(({ service }) => service), ...names.keys()])]
    .filter((service) => service !== "" && !configured.has(service) && !isRemoved(ctx, service, environment))
    .sort()
    .slice(0, MOST);
  const traced = new Set(inWindow.map(({ service }) => service));
  const untraced = all.filter((service) => !traced.has(service)).slice(0, MOST_BY_METRICS);
  const byMetrics = new Map(
    await Promise.all(
      untraced.map(async (service) => [service, await asked(() => observedFigures(ctx, service, window))] as const),
    ),
  );
  return all.map((service) => {
    const found = inWindow.find((one) => one.service === service);
    const newest = inMinute.find((one) => one.service === service);
    return {
      service,
      lastSeen: new Date(names.get(service) ?? to.getTime()).toISOString(),
      window: found ? figuresOf(found) : (byMetrics.get(service) ?? null),
      newest: newest ? figuresOf(newest) : null,
    };
  });
}

type Reading = { atMs: number; services: Promise<ObservedService[]> };
const readings = new WeakMap<AgentContext["telemetry"], Map<string, Reading>>();

/**
 * Services that are not configured, with what they served in the newest five whole minutes: from spans, else from the
 * metrics of the SLI template that fits. One that has been silent for an hour or that `removedServices` names is left
 * out. Read at most every 15 s, whoever asks. Nothing for those who may not read
 * telemetry; a source that does not answer tells of nobody.
 */
export async function listObserved(ctx: AgentContext, environment: string | undefined): Promise<ObservedService[]> {
  if (!can(ctx.actor.role, "telemetry.read")) return [];
  const known = readings.get(ctx.telemetry) ?? new Map<string, Reading>();
  readings.set(ctx.telemetry, known);
  const key = environment ?? "";
  const nowMs = ctx.now().getTime();
  const last = known.get(key);
  if (last && Math.abs(nowMs - last.atMs) < FRESH_MS) return last.services;
  const reading = { atMs: nowMs, services: read(ctx, environment) };
  known.set(key, reading);
  reading.services.catch(() => {
    if (known.get(key) === reading) known.delete(key);
  });
  return reading.services;
}
