import type { z } from "zod";
import type { ListMetricsOutput } from "#server/agent/metrics/schema.ts";
import type { MetricFunctionName, PanelQuery } from "./panel-query.ts";

export type MetricKind = z.output<typeof ListMetricsOutput>["items"][number]["kind"];

/** What each function says, in words for a person. */
export const FUNCTION_WORDS: Record<MetricFunctionName, string> = {
  rate: "per second",
  increase: "increase per point",
  avg: "mean",
  min: "least",
  max: "most",
  sum: "sum",
  last: "newest",
  quantile: "quantile",
  count: "number of series",
};

/** The functions that make sense of a kind, the usual one first. */
export function functionsOf(kind: MetricKind): readonly MetricFunctionName[] {
  switch (kind) {
    case "counter":
    case "delta":
      return ["rate", "increase", "count"];
    case "histogram":
      return ["quantile", "rate", "increase", "avg"];
    case "gauge":
      return ["avg", "min", "max", "sum", "last", "count"];
    case "unknown":
      return ["avg", "rate", "increase", "min", "max", "sum", "last", "quantile", "count"];
  }
}

/** What a panel shows of its metric: "p95 by service". */
export function titleOf(panel: Pick<PanelQuery, "promql" | "fn" | "quantile" | "groupBy">, kind: MetricKind): string {
  if (panel.promql !== null) return "Result";
  const fn = panel.fn ?? functionsOf(kind)[0] ?? "avg";
  const words = FUNCTION_WORDS[fn];
  const what =
    fn === "quantile"
      ? `p${Number((panel.quantile * 100).toPrecision(6))}`
      : `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  return panel.groupBy.length > 0 ? `${what} by ${panel.groupBy.join(", ")}` : what;
}
