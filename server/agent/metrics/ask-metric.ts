import { AppError } from "../kernel/errors.ts";
import type { MetricInfo, MetricLine, MetricLines, MetricQuery, MetricsSource } from "../ports/metrics-source.ts";
import type { Answer } from "../ports/source.ts";
import { FUNCTIONS_OF, type MetricFunctionName } from "../telemetry/metric-functions.ts";
import { noSuchMetric } from "./kept-name.ts";
import { type Grid, windowOfGrid } from "./steps.ts";

/** What a function means of a metric's kind, as queries that every source understands. */

export interface Asked {
  answer: Answer<MetricLines>;
  promql: string;
  unit: string;
}

export interface MetricQuestion extends Omit<MetricQuery, "fn"> {
  /** undefined: the usual one of its kind */
  fn: MetricFunctionName | undefined;
  limit: number;
}

interface Known {
  kind: MetricInfo["kind"];
  unit: string;
  /** of a histogram's part, the histogram's name */
  family: string | null;
  /** there is such a metric, or there may be */
  found: boolean;
}

const KNOWN_METRICS = 500;
const PARTS = /_(bucket|sum|count)$/;
/** lines of a histogram's sum and count that are divided by each other */
const DIVIDED = 500;

/**
 * Asks for a metric by its kind.
 * @throws INVALID for a function that its kind does not have, with those it has, NOT_FOUND for a metric that is not
 * there, and as MetricsSource does
 */
export async function askMetric(
  source: MetricsSource,
  { limit, ...question }: MetricQuestion,
  grid: Grid,
  signal: AbortSignal | undefined,
): Promise<Asked> {
  const known = await knownOf(source, question.metric);
  const fn = question.fn ?? usualFunction(question.metric, known.kind);
  assertFunction(question.metric, known, fn);
  const ask = async (query: MetricQuery, most = limit): Promise<Asked> => {
    const framed = { ...query, window: windowOfGrid(grid), stepSeconds: grid.stepSeconds, limit: most };
    return { answer: await source.query(framed, signal), promql: source.toPromql(query, grid.stepSeconds), unit: "" };
  };
  const query = { ...question, fn };
  const asked =
    known.kind === "histogram" && fn !== "quantile"
      ? await askHistogram(ask, query, limit)
      : await ask(fn === "quantile" ? { ...query, metric: known.family ?? question.metric.replace(PARTS, "") } : query);
  if (asked.answer.data.total === 0 && !known.found)
    throw new AppError("NOT_FOUND", await noSuchMetric(source, question.metric), {
      details: { metric: question.metric },
    });
  return { ...asked, unit: unitOf(fn, known) };
}

async function knownOf(source: MetricsSource, metric: string): Promise<Known> {
  const list = async (search: string) => (await source.metrics({ search, limit: KNOWN_METRICS })).data.items;
  const named = await list(metric);
  const own = named.find(({ name }) => name === metric);
  // a full list may leave it out
  const found = own !== undefined || named.length >= KNOWN_METRICS;
  if (own) return { kind: own.kind, unit: own.unit, family: null, found };
  const base = metric.replace(PARTS, "");
  const unknown: Known = { kind: "unknown", unit: "", family: null, found };
  if (base === metric) return unknown;
  const family = [...named, ...(await list(base))].find(({ name }) => name === base);
  if (family?.kind !== "histogram") return unknown;
  // each part is a running total of its own
  return {
    ...{ kind: "counter", unit: metric.endsWith("_sum") ? family.unit : "", found: true },
    family: metric.endsWith("_bucket") ? base : null,
  };
}

/** A name without metadata tells by its end, as Prometheus' conventions have it. */
function usualFunction(metric: string, kind: MetricInfo["kind"]): MetricFunctionName {
  if (kind === "unknown" && /_(total|count|sum|bucket)$/.test(metric)) return "rate";
  return FUNCTIONS_OF[kind][0] ?? "avg";
}

function assertFunction(metric: string, { kind, family }: Known, fn: MetricFunctionName): void {
  const allowed = FUNCTIONS_OF[kind];
  if (allowed.includes(fn) || (fn === "quantile" && family !== null)) return;
  throw new AppError(
    "INVALID",
    `${metric} is a ${kind}, of which there is no ${fn}. Ask with fn ${allowed.slice(0, -1).join(", ")} or ${allowed.at(-1)}.`,
    { details: { metric, kind, allowed: [...allowed] } },
  );
}

/** Of a histogram: its observations, the sum of their values, and the mean, which is the one by the other. */
async function askHistogram(
  ask: (query: MetricQuery, most?: number) => Promise<Asked>,
  query: MetricQuery,
  limit: number,
): Promise<Asked> {
  const counted = (fn: MetricQuery["fn"]): MetricQuery => ({ ...query, metric: `${query.metric}_count`, fn });
  const summed: MetricQuery = { ...query, metric: `${query.metric}_sum`, fn: "increase" };
  if (query.fn === "rate") return ask(counted("rate"));
  if (query.fn !== "sum" && query.fn !== "avg") return ask(counted("increase"));
  const [sum, count] = await Promise.all([
    ask(summed, query.fn === "sum" ? limit : DIVIDED),
    ask(counted("increase"), DIVIDED),
  ]);
  if (sum.answer.data.total === 0 && count.answer.data.total > 0)
    throw new AppError(
      "INVALID",
      `${query.metric} keeps no sum of what it observes, so that there is no ${query.fn} of it. Ask with fn quantile, rate, increase or count.`,
    );
  return query.fn === "sum" ? sum : divided(sum, count, limit);
}

function divided(sum: Asked, count: Asked, limit: number): Asked {
  const keyOf = ({ labels }: MetricLine): string => JSON.stringify(Object.entries(labels).sort());
  const counts = new Map(count.answer.data.lines.map((line) => [keyOf(line), line.values]));
  const lines = sum.answer.data.lines.flatMap((line): MetricLine[] => {
    const by = counts.get(keyOf(line)) ?? [];
    const values = line.values.map((value, i) => {
      const observations = by[i] ?? 0;
      return value === null || observations <= 0 ? null : value / observations;
    });
    return values.some((value) => value !== null) ? [{ labels: line.labels, values }] : [];
  });
  const ranked = lines.map((line) => ({ line, mean: meanOf(line.values) })).sort((a, b) => b.mean - a.mean);
  return {
    ...sum,
    promql: `(${sum.promql}) / (${count.promql})`,
    answer: {
      ...sum.answer,
      data: { ...sum.answer.data, lines: ranked.slice(0, limit).map(({ line }) => line), total: lines.length },
    },
  };
}

function meanOf(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null);
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

function unitOf(fn: MetricFunctionName, { kind, unit }: Known): string {
  if (kind === "histogram") {
    if (fn === "rate") return "1/s";
    return fn === "increase" || fn === "count" ? "1" : unit;
  }
  if (fn === "count") return "series";
  return fn === "rate" ? `${unit || "1"}/s` : unit;
}
