import { quoted } from "../../agent/kernel/query-text.ts";
import type { LabelFilter, MetricQuery } from "../../agent/ports/metrics-source.ts";

/** Structured queries as PromQL. https://prometheus.io/docs/prometheus/latest/querying/basics/ */

/** How far functions look back, in whole seconds. */
export interface Ranges {
  /** of counters: Grafana's $__rate_interval, max(step + scrape interval, 4 × scrape interval) */
  rate: number;
  /** of other samples: the step, but never so short that a late scrape leaves it empty */
  samples: number;
}

/** @param scrapeSeconds how often the source takes samples */
export const rangesOf = (stepSeconds: number, scrapeSeconds: number): Ranges => ({
  rate: Math.ceil(Math.max(stepSeconds + scrapeSeconds, 4 * scrapeSeconds)),
  samples: Math.ceil(Math.max(stepSeconds, 2 * scrapeSeconds)),
});

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

const labelName = (name: string): string => (LABEL_NAME.test(name) ? name : quoted(name));

/** `name{label="value",…}`; a name that PromQL has no word for stands in `__name__`, and "" means every metric. */
export function selector(metric: string, filters: readonly LabelFilter[]): string {
  const plain = metric === "" || METRIC_NAME.test(metric);
  const matchers = filters.map(({ label, op, value }) => `${labelName(label)}${op}${quoted(value)}`);
  if (!plain) matchers.unshift(`__name__=${quoted(metric)}`);
  return `${plain ? metric : ""}${matchers.length > 0 ? `{${matchers.join(",")}}` : ""}`;
}

/** What a query asks for. `increase` is the rate times the step, so that the sum over steps is the whole increase. */
export function promqlOf(query: MetricQuery, stepSeconds: number, scrapeSeconds: number): string {
  const ranges = rangesOf(stepSeconds, scrapeSeconds);
  const series = selector(query.metric, query.filters);
  const by = (more: readonly string[] = []): string => {
    const labels = [...more, ...query.groupBy.filter((label) => !more.includes(label))];
    return labels.length > 0 ? ` by (${labels.map(labelName).join(", ")}) ` : "";
  };
  switch (query.fn) {
    case "rate":
      return `sum${by()}(rate(${series}[${ranges.rate}s]))`;
    case "increase":
      return `sum${by()}(rate(${series}[${ranges.rate}s])) * ${stepSeconds}`;
    case "avg":
    case "min":
    case "max":
    case "sum":
      return `${query.fn}${by()}(${query.fn}_over_time(${series}[${ranges.samples}s]))`;
    case "last":
      return `sum${by()}(${series})`;
    case "count":
      return `count${by()}(count_over_time(${series}[${ranges.samples}s]))`;
    case "quantile": {
      const buckets = selector(`${query.metric}_bucket`, query.filters);
      return `histogram_quantile(${query.quantile ?? 0.95}, sum${by(["le"])}(rate(${buckets}[${ranges.rate}s])))`;
    }
  }
}
