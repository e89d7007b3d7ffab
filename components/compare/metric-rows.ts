import { formatBytes, formatCount, formatMs, formatNumber, formatPercent, formatRate, MISSING } from "../lib/format.ts";
import type { RouterOutputs } from "../trpc/client.tsx";

/** The comparison's measures as rows of a table: what is worse first, what is only context last. Pure. */

export type Metric = RouterOutputs["deploy"]["compare"]["metrics"][number];

export interface MetricRow {
  name: string;
  label: string;
  baseline: string;
  candidate: string;
  /** "+41 ms (+18 %)" */
  difference: string;
  certainty: string;
  verdict: Metric["better"] | "context";
  /** why it was not judged; null when it was */
  why: string | null;
}

const NBSP = "\u00a0";
/** Follow from how the traffic is split; more of them is neither good nor bad. */
const CONTEXT = ["requestRate", "instances"];
const RANK: readonly MetricRow["verdict"][] = ["worse", "better", "unsure", "same", "unknown", "context"];
const CERTAINTY: Record<Metric["certainty"], string> = {
  sure: "sure",
  probable: "probable",
  unsure: "may be chance",
  unknown: MISSING,
};

export const metricRows = (metrics: readonly Metric[]): MetricRow[] =>
  metrics.map(rowOf).sort((a, b) => RANK.indexOf(a.verdict) - RANK.indexOf(b.verdict));

function rowOf(metric: Metric): MetricRow {
  const { name, label, unit, baseline, candidate, counts, difference, ratio, certainty, better, sentence } = metric;
  const verdict = CONTEXT.includes(name) ? ("context" as const) : better;
  return {
    ...{ name, label, verdict },
    baseline: amountOf(baseline, unit) + baseOf(unit, counts?.baseline),
    candidate: amountOf(candidate, unit) + baseOf(unit, counts?.candidate),
    difference: differenceOf(difference, ratio, unit),
    certainty: certaintyWords(verdict, certainty, difference),
    why: verdict === "unknown" ? reasonOf(sentence) : null,
  };
}

function certaintyWords(verdict: MetricRow["verdict"], certainty: Metric["certainty"], difference: number | null) {
  if (difference === 0) return verdict === "unsure" ? "too little counted" : MISSING;
  return verdict === "same" ? "within what is allowed" : CERTAINTY[certainty];
}

/** ` (3 of 61)`; of what has no share, as lines, ` (3 in 61)` */
const baseOf = (unit: Metric["unit"], count: NonNullable<Metric["counts"]>["baseline"] | undefined): string =>
  count ? ` (${formatCount(count.events)} ${unit === "percent" ? "of" : "in"} ${formatCount(count.total)})` : "";

/** The sentence ends with its reason: "p95 latency 40 ms → 41 ms: +1 ms (+2.5 %), too short to tell". */
const reasonOf = (sentence: string): string => /[,:] ([^,:]+)$/.exec(sentence)?.[1] ?? sentence;

function amountOf(value: number | null, unit: Metric["unit"]): string {
  switch (unit) {
    case "percent":
      return formatPercent(value);
    case "ms":
      return formatMs(value);
    case "bytes":
      return formatBytes(value);
    case "perSecond":
      return formatRate(value);
    case "count":
      return formatNumber(value);
  }
}

/** Shares differ by points; everything else also by percent, when there is a base to be a percent of. */
function differenceOf(difference: number | null, ratio: number | null, unit: Metric["unit"]): string {
  if (difference === null) return MISSING;
  if (difference === 0) return "none";
  const sign = difference < 0 ? "\u2212" : "+";
  const size = Math.abs(difference);
  if (unit === "percent") return `${sign}${formatNumber(size)}${NBSP}points`;
  const relative = ratio === null ? "" : ` (${sign}${formatNumber(Math.abs(ratio) * 100)}${NBSP}%)`;
  return `${sign}${amountOf(size, unit)}${relative}`;
}
