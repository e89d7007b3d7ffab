import { causesFirst } from "../health/index.ts";
import type { HealthState } from "../health/schema.ts";
import { HEALTH_STATES } from "../health/words.ts";
import type { CallEdge, ServedCounts } from "../ports/trace-source.ts";
import { failedOf, isFailing, isTooFew } from "../telemetry/failed-share.ts";
import { addHistogram, emptyHistogram, quantileMs } from "../telemetry/histogram.ts";
import { type MeasuredRate, rateOver } from "../telemetry/measured-rate.ts";
import { countWithin } from "../text/page-within.ts";
import type { ServiceMapOutput } from "./schema.ts";

type MapNode = ServiceMapOutput["nodes"][number];
type MapEdge = ServiceMapOutput["edges"][number];

export interface GraphFacts {
  /** null: the source cannot say who calls whom */
  edges: readonly CallEdge[] | null;
  /** null: the source cannot say what each served */
  served: readonly ServedCounts[] | null;
  configured: readonly { name: string; dependsOn: readonly string[] }[];
  health: ReadonlyMap<string, HealthState>;
  /** by service, the hurt dependency at the root of its state */
  causes?: ReadonlyMap<string, string>;
  versions: ReadonlyMap<string, string>;
  /** the window that the counts are of, complete to its end */
  window: { fromMs: number; toMs: number };
}

export interface GraphLimits {
  nodes: number;
  edges: number;
}

export interface ServiceGraph {
  /** worst first */
  nodes: MapNode[];
  edges: MapEdge[];
  /** how many were left out by the limits */
  hidden: { nodes: number; edges: number };
}

interface Counts {
  calls: number;
  errors: number | null;
  latency: number[] | null;
  sinceMs?: number | null;
}

/**
 * The service map: what traces of the window show, joined with what the configuration, the health checks and the
 * platform say. A node that is called but neither configured nor ever seen to serve or call is external; its figures are
 * those its callers measured. Figures are null where no trace tells them, never zero. Beyond the limits the healthy,
 * the unconfigured and the least called give way, and with a node its edges.
 */
export function serviceGraph(facts: GraphFacts, limits: GraphLimits): ServiceGraph {
  const nodes = nodesOf(facts);
  const sorted = nodes
    .sort(worstFirst)
    .map((node) => ({ node, name: node.id, environment: null, causedBy: node.causedBy }));
  const kept = causesFirst(sorted)
    .slice(0, limits.nodes)
    .map(({ node }) => node);
  const ids = new Set(kept.map(({ id }) => id));
  const edges = edgesOf(facts);
  const between = edges.filter(({ from, to }) => ids.has(from) && ids.has(to)).sort(busiestFirst);
  return {
    nodes: kept,
    edges: between.slice(0, limits.edges),
    hidden: {
      nodes: nodes.length - kept.length,
      edges: edges.length - Math.min(between.length, limits.edges),
    },
  };
}

/** As `serviceGraph`, with as many nodes and edges as fit into so many bytes of JSON, half of them for each. */
export function graphWithin(facts: GraphFacts, limits: GraphLimits, bytes: number): ServiceGraph {
  if (bytes === Number.POSITIVE_INFINITY) return serviceGraph(facts, limits);
  const fitting = (items: readonly unknown[]) => countWithin(items, bytes / 2);
  const nodes = fitting(serviceGraph(facts, limits).nodes);
  const edges = fitting(serviceGraph(facts, { ...limits, nodes }).edges);
  return serviceGraph(facts, { nodes, edges });
}

function nodesOf({ edges, served, configured, health, causes, versions, window }: GraphFacts): MapNode[] {
  const own = new Map((served ?? []).map((counts) => [counts.service, counts]));
  const known = new Set(configured.map(({ name }) => name));
  const callers = new Set((edges ?? []).map(({ from }) => from));
  const callsTo = new Map<string, Counts>();
  for (const edge of edges ?? []) callsTo.set(edge.to, sum(callsTo.get(edge.to), edge));
  const names = new Set([...known, ...own.keys(), ...callers, ...callsTo.keys()]);
  return [...names].map((name) => {
    const isService = known.has(name) || own.has(name) || callers.has(name) || served === null;
    return {
      id: name,
      label: name,
      kind: isService ? "service" : "external",
      configured: known.has(name),
      health: health.get(name) ?? null,
      causedBy: causes?.get(name) ?? null,
      version: versions.get(name) ?? null,
      ...figures(own.get(name) ?? callsTo.get(name), window),
    };
  });
}

function edgesOf({ edges, served, configured, window }: GraphFacts): MapEdge[] {
  const servedSince = new Map((served ?? []).map(({ service, sinceMs }) => [service, sinceMs]));
  const seen = new Map<string, Counts & Pick<CallEdge, "from" | "to">>();
  for (const edge of edges ?? []) {
    if (edge.from === edge.to) continue;
    const key = JSON.stringify([edge.from, edge.to]);
    const before = seen.get(key);
    seen.set(key, { from: edge.from, to: edge.to, ...sum(before, edge) });
  }
  const promised = configured.flatMap(({ name, dependsOn }) => dependsOn.map((to) => ({ from: name, to })));
  const isPromised = new Set(promised.map(({ from, to }) => JSON.stringify([from, to])));
  const measured = [...seen].map(([key, edge]) => ({
    from: edge.from,
    to: edge.to,
    seen: true,
    configured: isPromised.has(key),
    // its first minute is known, and often when the called service began
    ...figures({ ...edge, sinceMs: later(edge.sinceMs, servedSince.get(edge.to)) }, window),
  }));
  const unseen = promised
    .filter(({ from, to }) => !seen.has(JSON.stringify([from, to])))
    .map((edge) => ({ ...edge, seen: false, configured: true, ...figures(undefined, window) }));
  return [...measured, ...unseen];
}

function sum(before: Counts | undefined, more: Counts): Counts {
  const latency = before?.latency || more.latency ? emptyHistogram() : null;
  if (latency) for (const part of [before?.latency, more.latency]) addHistogram(latency, part ?? []);
  const known = [before?.errors ?? null, more.errors].filter((errors) => errors !== null);
  const errors = known.length > 0 ? known.reduce((total, one) => total + one, 0) : null;
  const since = [before?.sinceMs, more.sinceMs].filter((sinceMs) => sinceMs != null);
  const sinceMs = since.length > 0 ? Math.min(...since) : null;
  return { calls: (before?.calls ?? 0) + more.calls, errors, latency, sinceMs };
}

const later = (one: number | null | undefined, other: number | null | undefined): number | null =>
  one == null || other == null ? (one ?? other ?? null) : Math.max(one, other);

const rateWithin = (count: number, sinceMs: number | null, { fromMs, toMs }: GraphFacts["window"]): MeasuredRate =>
  rateOver(count, { fromMs, toMs, sinceMs });

function figures(counts: Counts | undefined, window: GraphFacts["window"]) {
  if (!counts) return { requestsPerSecond: null, overSeconds: null, errorPercent: null, p95Ms: null, requests: 0 };
  const { calls, errors, latency, sinceMs = null } = counts;
  const { perSecond, overSeconds } = rateWithin(calls, sinceMs, window);
  const p95Ms = latency && quantileMs(latency, 0.95);
  return {
    requestsPerSecond: perSecond === null ? null : rounded(perSecond),
    overSeconds,
    errorPercent: calls > 0 && errors !== null ? rounded((errors / calls) * 100) : null,
    p95Ms: p95Ms === null ? null : rounded(p95Ms),
    requests: calls,
  };
}

const rounded = (value: number): number => Number(value.toPrecision(6));

const rankOf = (node: MapNode): number => (node.health === null ? 0 : HEALTH_STATES.indexOf(node.health));
const ailmentOf = (node: MapNode): number => Math.max(rankOf(node), HEALTH_STATES.indexOf("degraded") - 1);
const troubleOf = (node: MapNode): number => Number(isFailing(node)) + Number(isFailing(node) && !isTooFew(node));

/**
 * By health where it is an ailment, then what fails, a share that can be judged before one of few requests; then the other
 * states of health, configured before others, failed requests and requests.
 */
function worstFirst(a: MapNode, b: MapNode): number {
  return (
    ailmentOf(b) - ailmentOf(a) ||
    troubleOf(b) - troubleOf(a) ||
    rankOf(b) - rankOf(a) ||
    Number(b.configured) - Number(a.configured) ||
    failedOf(b) - failedOf(a) ||
    b.requests - a.requests ||
    a.id.localeCompare(b.id)
  );
}

const busiestFirst = (a: MapEdge, b: MapEdge): number =>
  Number(b.configured) - Number(a.configured) ||
  b.requests - a.requests ||
  a.from.localeCompare(b.from) ||
  a.to.localeCompare(b.to);
