import type { LabelFilter, MetricQuery, MetricsSource, QuantileBounds } from "../ports/metrics-source.ts";
import type { TimeWindow } from "../ports/source.ts";
import { MOST_METRICS } from "./measured.ts";
import { type ServedMetric, servedMetrics } from "./sli-templates.ts";

/** What a service served by its metrics: counts of the window. */
export interface ObservedCounts {
  requests: number;
  failed: number;
}

/** The 95th percentile of latency, in ms. */
export interface ObservedLatency {
  p95Ms: number;
  /** of the bucket it lies in; null where the source does not tell */
  p95Bounds: QuantileBounds | null;
}

/** Over which part of the window: all of it, or the newest that holds samples of its own. */
type Part = "all" | "newest";

const MINUTE_SECONDS = 60;
/** services whose samples are about as far apart share a query */
const ROUND_SECONDS = 10;
/** a line per service and outcome, of all services */
const MOST_LINES = 100_000;

interface Asked {
  source: MetricsSource;
  window: TimeWindow;
  environment: string | undefined;
  part: Part;
}

const secondsOf = ({ from, to }: TimeWindow): number => (to.getTime() - from.getTime()) / 1_000;
const ofEnvironment = (environment: string | undefined): LabelFilter[] =>
  environment === undefined ? [] : [{ label: "environment", op: "=", value: environment }];

/** The newest minute, or as much as two distances of samples: in less, growth between two of them would be a sliver. */
async function partOf({ source, window, part }: Asked, metric: string, filters: LabelFilter[]): Promise<number> {
  if (part === "all") return secondsOf(window);
  const apart = (await source.sampleSeconds({ metric, filters, window })) ?? 0;
  const seconds = Math.ceil((2 * apart) / ROUND_SECONDS) * ROUND_SECONDS;
  return Math.min(secondsOf(window), Math.max(MINUTE_SECONDS, seconds));
}

interface Line {
  service: string;
  outcomes: Record<string, string>;
  value: number;
  bounds: QuantileBounds | null;
  /** length of the window that it is over */
  seconds: number;
}

type Query = Omit<MetricQuery, "filters" | "groupBy">;

/** All services at once, in one step that is exactly the newest `seconds`: a query, however many services there are. */
async function linesOver(asked: Asked, query: Query, labels: readonly string[], seconds: number): Promise<Line[]> {
  const { source, window, environment } = asked;
  const within = { from: new Date(window.to.getTime() - seconds * 1_000), to: window.to };
  const over = { window: within, stepSeconds: seconds, exact: true, withBounds: true, limit: MOST_LINES };
  const filters = ofEnvironment(environment);
  const { data } = await source.query({ ...query, ...over, filters, groupBy: ["service", ...labels] });
  return data.lines.flatMap(({ labels: { service = "", ...rest }, values: [value = null], bounds }) =>
    service === "" || value === null ? [] : [{ service, outcomes: rest, value, bounds: bounds?.[0] ?? null, seconds }],
  );
}

/**
 * Lines of every service, each over the newest part that its own samples need: one that sends rarely must not keep what
 * is over alive for the others. Where samples are close together, one query tells of all.
 */
async function linesOf(asked: Asked, query: Query, labels: readonly string[] = []): Promise<Line[]> {
  const { metric } = query;
  const filters = ofEnvironment(asked.environment);
  const longest = await partOf(asked, metric, filters);
  const lines = await linesOver(asked, query, labels, longest);
  if (asked.part === "all" || longest <= MINUTE_SECONDS) return lines;
  const services = [...new Set(lines.map(({ service }) => service))];
  const parts = await Promise.all(
    services.map(async (service) => {
      const own = [...filters, { label: "service", op: "=" as const, value: service }];
      return [service, Math.min(longest, await partOf(asked, metric, own))] as const;
    }),
  );
  const secondsFor = new Map(parts);
  const shorter = [...new Set(secondsFor.values())].filter((seconds) => seconds < longest);
  const all = await Promise.all(shorter.map((seconds) => linesOver(asked, query, labels, seconds)));
  return [lines, ...all].flat().filter(({ service, seconds }) => secondsFor.get(service) === seconds);
}

const servedOf = async (source: MetricsSource): Promise<ServedMetric[]> =>
  servedMetrics((await source.metrics({ limit: MOST_METRICS })).data.items);

/**
 * Requests and failures of every service that a source has metrics of, over one window, under the names of the first SLI
 * template that counted some of it. @throws as the source does
 */
export async function observedCounts(
  source: MetricsSource,
  window: TimeWindow,
  environment: string | undefined,
  part: Part = "all",
): Promise<Map<string, ObservedCounts>> {
  const asked = { source, window, environment, part };
  const counted = await Promise.all(
    (await servedOf(source)).map(async ({ metric, labels, hasFailed }) => {
      const known = await source.labels({ metric });
      const there = labels.filter((label) => known.data.includes(label));
      const counts = new Map<string, ObservedCounts>();
      for (const { service, outcomes, value, seconds } of await linesOf(asked, { metric, fn: "rate" }, there)) {
        const count = counts.get(service) ?? { requests: 0, failed: 0 };
        const outcome = there.map((label) => outcomes[label] ?? "").find((text) => text !== "");
        count.requests += value * seconds;
        if (outcome !== undefined && hasFailed(outcome)) count.failed += value * seconds;
        counts.set(service, count);
      }
      return counts;
    }),
  );
  const found = new Map<string, ObservedCounts>();
  for (const counts of counted)
    for (const [service, { requests, failed }] of counts)
      if ((found.get(service)?.requests ?? 0) === 0)
        found.set(service, { requests: Math.round(requests), failed: Math.round(failed) });
  return found;
}

/** The 95th percentile of latency of every service that has a histogram of it. @throws as the source does */
export async function observedLatencies(
  source: MetricsSource,
  window: TimeWindow,
  environment: string | undefined,
  part: Part = "all",
): Promise<Map<string, ObservedLatency>> {
  const given = { source, window, environment, part };
  const durations = (await servedOf(source)).flatMap((one) => one.durations);
  const named = new Map(durations.map((one) => [one.metric, one.toMs]));
  const asked = [...named].map(async ([metric, toMs]) => {
    const lines = await linesOf(given, { metric, fn: "quantile", quantile: 0.95 });
    // 0.57 s × 1 000 is a little less than 570 ms
    const inMs = (value: number): number => Math.round(value * toMs * 1e6) / 1e6;
    const boundMs = (bound: number | null): number | null => (bound === null ? null : inMs(bound));
    return lines.map(({ service, value, bounds }) => {
      const p95Bounds = bounds && { lower: boundMs(bounds.lower), upper: boundMs(bounds.upper) };
      return [service, { p95Ms: inMs(value), p95Bounds }] as const;
    });
  });
  const found = new Map<string, ObservedLatency>();
  for (const lines of await Promise.all(asked))
    for (const [service, latency] of lines) if (!found.has(service)) found.set(service, latency);
  return found;
}

/**
 * By when every service's newest requests in a window of whole minutes were made, in ms since 1970: the end of the last
 * minute in which their counter grew. @throws as the source does
 */
export async function observedLatest(
  source: MetricsSource,
  window: TimeWindow,
  environment: string | undefined,
): Promise<Map<string, number>> {
  const over = { window, stepSeconds: MINUTE_SECONDS, limit: MOST_LINES };
  const query = { fn: "increase" as const, filters: ofEnvironment(environment), groupBy: ["service"], ...over };
  const answers = await Promise.all((await servedOf(source)).map(({ metric }) => source.query({ ...query, metric })));
  const latest = new Map<string, number>();
  for (const { startMs, lines } of answers.map(({ data }) => data))
    for (const { labels, values } of lines) {
      const last = values.findLastIndex((value) => value !== null && value > 0);
      const service = labels.service ?? "";
      const atMs = startMs + (last + 1) * MINUTE_SECONDS * 1_000;
      if (service !== "" && last >= 0) latest.set(service, Math.max(atMs, latest.get(service) ?? 0));
    }
  return latest;
}
