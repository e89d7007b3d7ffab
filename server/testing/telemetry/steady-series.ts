import { stepFor } from "#server/agent/metrics/steps.ts";
import type { MetricQuery, MetricsSource } from "#server/agent/ports/metrics-source.ts";
import type { SeriesSamples } from "#server/agent/ports/telemetry.ts";

/**
 * A service that does the same all the time, sampled at some interval: PER_MINUTE requests a minute, a tenth of them
 * failed, and a histogram of their seconds whose 0.7-quantile is 0.3. What is right of it is known at every window.
 */

const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const PER_MINUTE = 600;
export const INTERVALS = [5, 15, 30, 60, 120] as const;
export type IntervalSeconds = (typeof INTERVALS)[number];
export const WINDOW_HOURS = [0.25, 1, 6, 24, 168] as const;

/** Instants in milliseconds until ten minutes after the end, not on full steps, as no scraper is. */
function timesFrom(startMs: number, endMs: number, seconds: number): number[] {
  const times: number[] = [];
  for (let at = startMs + 3_700; at < endMs + 10 * MINUTE_MS; at += seconds * 1_000) times.push(at);
  return times;
}

/** One counter named `name`, PER_MINUTE a minute, of this many hours before `endMs`. */
export function steadyCounter(name: string, seconds: number, hours: number, endMs: number): SeriesSamples {
  const startMs = endMs - hours * HOUR_MS;
  const timesMs = timesFrom(startMs, endMs, seconds);
  const values = timesMs.map((at) => ((at - startMs) / MINUTE_MS) * PER_MINUTE);
  return { name, kind: "counter", unit: "", labels: { service: "s" }, timesMs, values };
}

/** `every_<seconds>_requests_total` by code, and the buckets of `every_<seconds>_seconds`. */
export function steadySeries(seconds: IntervalSeconds, hours: number, endMs: number): SeriesSamples[] {
  const of = (name: string, labels: Record<string, string>, share: number): SeriesSamples => {
    const whole = steadyCounter(`every_${seconds}_${name}`, seconds, hours, endMs);
    return { ...whole, labels: { ...whole.labels, ...labels }, values: whole.values.map((value) => value * share) };
  };
  return [
    of("requests_total", { code: "200" }, 0.9),
    of("requests_total", { code: "500" }, 0.1),
    of("seconds_bucket", { le: "0.1" }, 0.5),
    of("seconds_bucket", { le: "0.5" }, 0.9),
    of("seconds_bucket", { le: "+Inf" }, 1),
  ];
}

export const HOLES_MINUTES = [6, 10] as const;
const holedMetric = (seconds: number, minutes: number): string => `every_${seconds}_holed_${minutes}_total`;
/** Counters of two hours before `endMs` that go on while nobody looks, half an hour before it. */
export const holedCounters = (seconds: number, endMs: number): SeriesSamples[] =>
  HOLES_MINUTES.map((minutes) => {
    const whole = steadyCounter(holedMetric(seconds, minutes), seconds, 2, endMs);
    const fromMs = endMs - HOUR_MS / 2;
    const isSeen = (at: number) => at <= fromMs || at >= fromMs + minutes * MINUTE_MS;
    const kept = whole.timesMs.flatMap((at, i) => (isSeen(at) ? [i] : []));
    const of = (all: readonly number[]) => kept.map((i) => all[i] ?? Number.NaN);
    return { ...whole, timesMs: of(whole.timesMs), values: of(whole.values) };
  });

/** What holedCounters grew by in the last hour, each. */
export const askHoles = async (source: MetricsSource, seconds: number, endMs: number): Promise<(number | null)[]> => {
  const window = { from: new Date(endMs - HOUR_MS), to: new Date(endMs) };
  const asked = { fn: "increase" as const, filters: [], groupBy: [], window, stepSeconds: 3_600, limit: 1 };
  const grown: (number | null)[] = [];
  for (const minutes of HOLES_MINUTES) {
    const { data } = await source.query({ ...asked, metric: holedMetric(seconds, minutes) });
    grown.push(data.lines[0]?.values[0] ?? null);
  }
  return grown;
};

export const steadyMetric = (seconds: IntervalSeconds): string => `every_${seconds}_requests_total`;
export const steadyHistogram = (seconds: IntervalSeconds): string => `every_${seconds}_seconds`;
export const FAILED = [{ label: "code", op: "=~" as const, value: "5.." }];

export type SteadyQuestion = Pick<MetricQuery, "metric" | "fn"> & Partial<MetricQuery>;

/** What is compared with a Prometheus that has the same series. */
export const steadyQuestions = (seconds: IntervalSeconds): SteadyQuestion[] => [
  { metric: steadyMetric(seconds), fn: "rate" },
  { metric: steadyMetric(seconds), fn: "rate", filters: FAILED },
  { metric: steadyMetric(seconds), fn: "increase" },
  { metric: steadyHistogram(seconds), fn: "quantile", quantile: 0.7 },
];

/** The values of a question's first line over the hours before `endMs`, in steps of at least `least` seconds. */
export async function askSteady(
  source: MetricsSource,
  question: SteadyQuestion,
  { hours, endMs, least }: { hours: number; endMs: number; least: number },
): Promise<{ values: readonly (number | null)[]; stepSeconds: number }> {
  const window = { from: new Date(endMs - hours * HOUR_MS), to: new Date(endMs) };
  const stepSeconds = stepFor(window, 120, least);
  await source.sampleSeconds({ metric: question.metric, filters: [], window });
  const { data } = await source.query({ filters: [], groupBy: [], ...question, window, stepSeconds, limit: 1 });
  return { values: data.lines[0]?.values ?? [], stepSeconds };
}

/**
 * By how much the own values miss the other's at most, as a share of the other's (0.02 is 2 %), and how many of the
 * steps the other knows. A value that only the other knows misses by all of it.
 */
export function largestMiss(
  own: readonly (number | null)[],
  other: readonly (number | null)[],
): { miss: number; known: number } {
  if (own.length !== other.length) throw new Error(`${own.length} steps against ${other.length}`);
  const misses = other.flatMap((value, i) => (value === null ? [] : [Math.abs((own[i] ?? 0) / value - 1)]));
  return { miss: Math.max(0, ...misses), known: misses.length / other.length };
}
