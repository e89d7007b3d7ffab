import type { MetricInfo, MetricLine, MetricQuery, MetricsSource } from "../../agent/ports/metrics-source.ts";
import type { Answer, SourceInfo } from "../../agent/ports/source.ts";

interface Options {
  metrics: readonly (Pick<MetricInfo, "name" | "kind"> & Partial<Pick<MetricInfo, "unit" | "help">>)[];
  labels?: readonly string[];
  /** lines of a query over so many steps, before the limit */
  linesOf: (query: MetricQuery, steps: number) => MetricLine[];
  /** the same of an expression; without it the source does not speak PromQL */
  evaluate?: (expression: string, steps: number) => MetricLine[];
  info?: SourceInfo;
  /** how far apart samples are; not known without it */
  sampleSeconds?: number;
}

export interface FakeMetrics extends MetricsSource {
  /** structured queries as they were asked */
  readonly asked: MetricQuery[];
}

/** A MetricsSource that computes what a test says. */
export function fakeMetrics({
  metrics,
  labels = [],
  linesOf,
  evaluate,
  info: given,
  sampleSeconds,
}: Options): FakeMetrics {
  const info = given ?? {
    kind: evaluate ? "prometheus" : "built-in",
    address: evaluate ? "http://metrics.test" : null,
  };
  const asked: MetricQuery[] = [];
  const answer = <T>(data: T): Answer<T> => ({ data, source: info, asOf: "2026-03-01T10:00:00.000Z", stale: false });
  type Framed = Parameters<MetricsSource["query"]>[0];
  const framed = (
    { window, stepSeconds, limit }: Pick<Framed, "window" | "stepSeconds" | "limit">,
    linesFor: (steps: number) => MetricLine[],
  ) => {
    const lines = linesFor(Math.round((window.to.getTime() - window.from.getTime()) / 1_000 / stepSeconds));
    const startMs = window.from.getTime();
    return answer({ stepSeconds, startMs, lines: lines.slice(0, limit), total: lines.length });
  };
  return {
    info,
    asked,
    metrics: async ({ search = "", limit }) => {
      const items = metrics
        .filter(({ name }) => name.includes(search))
        .map((one) => ({ unit: "", help: "", ...one, series: null }));
      return answer({ items: items.slice(0, limit), total: items.length });
    },
    labels: async () => answer([...labels]),
    labelValues: async () => answer(["a", "b"]),
    query: async (query) => {
      asked.push(query);
      return framed(query, (steps) => linesOf(query, steps));
    },
    sampleSeconds: async () => sampleSeconds ?? null,
    promql: evaluate ? async (query) => framed(query, (steps) => evaluate(query.expression, steps)) : null,
    toPromql: ({ fn, metric, filters }) =>
      `${fn}(${metric}{${filters.map(({ label, op, value }) => `${label}${op}"${value}"`).join(",")}})`,
  };
}
