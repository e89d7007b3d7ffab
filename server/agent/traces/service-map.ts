import type { z } from "zod";
import { catalogOf } from "../catalog/catalog.ts";
import { refuseUnknownFilter } from "../catalog/known-names.ts";
import type { HealthState } from "../health/schema.ts";
import { HEALTH_STATES } from "../health/words.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { authorize } from "../kernel/permissions.ts";
import { sourceView } from "../kernel/source-answer.ts";
import type { CallEdge } from "../ports/trace-source.ts";
import type { PlatformService } from "../ports/workloads.ts";
import { serviceStates } from "../services/index.ts";
import { summariseMap } from "./map-summary.ts";
import type { ServiceMapInput, ServiceMapOutput } from "./schema.ts";
import { graphWithin } from "./service-graph.ts";
import type { MAP_RANGES } from "./words.ts";

const RANGES: Record<(typeof MAP_RANGES)[number], { seconds: number; words: string }> = {
  "15m": { seconds: 900, words: "the last 15 min" },
  "1h": { seconds: 3_600, words: "the last hour" },
  "6h": { seconds: 21_600, words: "the last 6 h" },
  "24h": { seconds: 86_400, words: "the last 24 h" },
};
/** by then all senders have sent their spans: a rate up to now would be too low */
const SETTLED_MS = 10_000;
const LIMITS = { nodes: 200, edges: 600 };
/** of an answer, for what is neither node nor edge */
const SUMMARY_BYTES = 2_000;

/**
 * Which services there are and who calls whom: from traces of the range and from `dependsOn`, with health, versions
 * and figures. The worst come first.
 * @throws as TraceSource does
 */
export async function serviceMap(
  ctx: AgentContext,
  { environment, range }: z.output<typeof ServiceMapInput>,
): Promise<ServiceMapOutput> {
  authorize(ctx, "telemetry.read");
  const { seconds, words } = RANGES[range];
  const to = new Date(ctx.now().getTime() - SETTLED_MS);
  const window = { from: new Date(to.getTime() - seconds * 1_000), to };
  const traces = ctx.telemetry.traces();
  await refuseUnknownFilter(ctx, { environment }, traces);
  const [edges, served, health, running] = await Promise.all([
    traces.edges?.({ window, environment }) ?? null,
    traces.served?.({ window, environment }) ?? null,
    healthOf(ctx, environment),
    platformServices(ctx),
  ]);
  const versions = versionsOf(running, environment);
  const catalog = catalogOf(ctx.config);
  const facts = {
    edges: edges && named(edges.data, addressesOf(running)),
    served: served?.data ?? null,
    configured: catalog.services.filter(({ name }) => environment === undefined || catalog.runsIn(name, environment)),
    ...{ ...health, versions, window: { fromMs: window.from.getTime(), toMs: window.to.getTime() } },
  };
  const graph = graphWithin(facts, LIMITS, ctx.reader.bytes - SUMMARY_BYTES);
  const nobody = { data: null, source: traces.info, asOf: ctx.now().toISOString(), stale: false };
  return {
    summary: summariseMap(graph, { window: words, environment, callsKnown: edges !== null }),
    environment: environment ?? null,
    source: sourceView(edges ?? served ?? nobody, served ?? edges ?? nobody),
    truncated: graph.hidden.nodes + graph.hidden.edges > 0,
    nodes: graph.nodes,
    edges: graph.edges,
  };
}

interface Health {
  health: Map<string, HealthState>;
  /** by service, the hurt dependency at the root of its state */
  causes: Map<string, string>;
}

/** The worst of each service in the environment, or in all. */
async function healthOf(ctx: AgentContext, environment: string | undefined): Promise<Health> {
  const health = new Map<string, HealthState>();
  const causes = new Map<string, string>();
  for (const { service, state, causedBy, ...check } of await serviceStates(ctx)) {
    if (environment !== undefined && check.environment !== environment) continue;
    const before = health.get(service);
    if (before !== undefined && HEALTH_STATES.indexOf(state) <= HEALTH_STATES.indexOf(before)) continue;
    health.set(service, state);
    causes.delete(service);
    if (causedBy !== null) causes.set(service, causedBy);
  }
  return { health, causes };
}

/** The version that runs, where it is one and the same; nothing while the platform does not answer. */
function versionsOf(running: readonly PlatformService[], environment: string | undefined): Map<string, string> {
  const versions = new Map<string, Set<string>>();
  for (const one of running) {
    if ((environment !== undefined && one.environment !== environment) || one.currentVersion === null) continue;
    versions.set(one.service, (versions.get(one.service) ?? new Set()).add(one.currentVersion));
  }
  return new Map(
    [...versions].flatMap(([service, [only, ...more]]) => (only && more.length === 0 ? [[service, only]] : [])),
  );
}

/** Whose balancer or instance listens at an address, as `host:port`. */
function addressesOf(running: readonly PlatformService[]): Map<string, string> {
  return new Map(
    running.flatMap(({ service, url, instances }) => {
      const { hostname, host } = new URL(url);
      return [[host, service] as const, ...instances.map(({ port }) => [`${hostname}:${port}`, service] as const)];
    }),
  );
}

/** A call whose answer sent no span is known by its address alone: where one of our services listens, it has a name. */
const named = (edges: readonly CallEdge[], addresses: ReadonlyMap<string, string>): CallEdge[] =>
  edges.map((edge) => ({ ...edge, to: addresses.get(edge.to) ?? edge.to }));

async function platformServices(ctx: AgentContext): Promise<PlatformService[]> {
  try {
    return await ctx.platform.workloads.listServices();
  } catch (error) {
    if (error instanceof AppError && error.code === "UPSTREAM_UNAVAILABLE") return [];
    throw error;
  }
}
