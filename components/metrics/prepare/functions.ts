import { FUNCTIONS_OF, type MetricFunctionName, type MetricKind } from "#server/agent/telemetry/metric-functions.ts";
import type { PanelQuery } from "./panel-query.ts";

/** What each function says, in words for a person. */
const FUNCTION_WORDS: Record<MetricFunctionName, string> = {
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
/** Of a histogram they are of what it observed, not of its series. */
const HISTOGRAM_WORDS: Partial<Record<MetricFunctionName, string>> = {
  rate: "observations per second",
  increase: "observations per point",
  count: "number of observations",
  sum: "sum of values per point",
};

export const wordsOf = (fn: MetricFunctionName, kind: MetricKind): string =>
  (kind === "histogram" ? HISTOGRAM_WORDS[fn] : undefined) ?? FUNCTION_WORDS[fn];

/** The functions that are offered of a kind, the usual one first. */
export const functionsOf = (kind: MetricKind): readonly MetricFunctionName[] => FUNCTIONS_OF[kind];

/** What a panel shows of its metric: "p95 by service". */
export function titleOf(panel: Pick<PanelQuery, "promql" | "fn" | "quantile" | "groupBy">, kind: MetricKind): string {
  if (panel.promql !== null) return "Result";
  const fn = panel.fn ?? functionsOf(kind)[0] ?? "avg";
  const words = wordsOf(fn, kind);
  const what =
    fn === "quantile"
      ? `p${Number((panel.quantile * 100).toPrecision(6))}`
      : `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  return panel.groupBy.length > 0 ? `${what} by ${panel.groupBy.join(", ")}` : what;
}
