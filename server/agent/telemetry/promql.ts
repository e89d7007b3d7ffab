import type { LabelFilter, MetricQuery } from "../ports/metrics-source.ts";
import { quoted } from "./query-text.ts";

/** Structured queries as PromQL. https://prometheus.io/docs/prometheus/latest/querying/basics/ */

/** Durations in an expression: `75s`, or a variable that somebody else fills in. */
export interface Durations {
  /** how far rates look back */
  rate: string;
  /** how far other functions look back */
  samples: string;
  /** a step, as a number of seconds */
  step: string;
}

/**
 * Rates look back as Grafana's $__rate_interval does: max(step + scrape interval, 4 × scrape interval). Other functions
 * look at the step, but never at so little that a late scrape leaves it empty.
 * @param scrapeSeconds how often the source takes samples
 */
const durationsOf = (stepSeconds: number, scrapeSeconds: number): Durations => ({
  rate: `${Math.ceil(Math.max(stepSeconds + scrapeSeconds, 4 * scrapeSeconds))}s`,
  samples: `${Math.ceil(Math.max(stepSeconds, 2 * scrapeSeconds))}s`,
  step: String(stepSeconds),
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

/** What a query asks for at the end of each step. */
export const promqlOf = (query: MetricQuery, stepSeconds: number, scrapeSeconds: number): string =>
  promqlWith(query, durationsOf(stepSeconds, scrapeSeconds));

/** `increase` is the rate times the step, so that the sum over steps is the whole increase. */
export function promqlWith(query: MetricQuery, { rate, samples, step }: Durations): string {
  const series = selector(query.metric, query.filters);
  const by = (more: readonly string[] = []): string => {
    const labels = [...more, ...query.groupBy.filter((label) => !more.includes(label))];
    return labels.length > 0 ? ` by (${labels.map(labelName).join(", ")}) ` : "";
  };
  switch (query.fn) {
    case "rate":
      return `sum${by()}(rate(${series}[${rate}]))`;
    case "increase":
      return `sum${by()}(rate(${series}[${rate}])) * ${step}`;
    case "avg":
    case "min":
    case "max":
    case "sum":
      return `${query.fn}${by()}(${query.fn}_over_time(${series}[${samples}]))`;
    case "last":
      return `sum${by()}(${series})`;
    case "count":
      return `count${by()}(count_over_time(${series}[${samples}]))`;
    case "quantile": {
      const buckets = selector(`${query.metric}_bucket`, query.filters);
      return `histogram_quantile(${query.quantile ?? 0.95}, sum${by(["le"])}(rate(${buckets}[${rate}])))`;
    }
  }
}
