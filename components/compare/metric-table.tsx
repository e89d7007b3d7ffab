"use client";

import { type Column, DataTable } from "../data-table/data-table.tsx";
import { Mark, type MarkTone } from "../feedback/mark.tsx";
import { type Metric, type MetricRow, metricRows } from "./metric-rows.ts";

const LOOK: Record<Metric["better"], { tone: MarkTone; word: string }> = {
  better: { tone: "ok", word: "better" },
  worse: { tone: "critical", word: "worse" },
  same: { tone: "quiet", word: "no difference" },
  unknown: { tone: "unknown", word: "not judged" },
};

const columns = (baseline: string, candidate: string): Column<MetricRow>[] => [
  {
    id: "verdict",
    header: "Verdict",
    cell: ({ verdict }) =>
      verdict === "context" ? (
        <span className="text-ink-3">for context</span>
      ) : (
        <Mark tone={LOOK[verdict].tone}>{LOOK[verdict].word}</Mark>
      ),
  },
  {
    id: "measure",
    header: "Measure",
    cell: (row) => (
      <>
        <span>{row.label}</span>
        {row.why ? <span className="block text-ink-3 text-xs">{row.why}</span> : null}
        <span className="num block text-ink-2 text-xs sm:hidden">
          {row.baseline} → {row.candidate}
        </span>
      </>
    ),
    className: "w-2/5",
  },
  { id: "baseline", header: baseline, numeric: true, cell: (row) => row.baseline, hideBelow: "sm" },
  { id: "candidate", header: candidate, numeric: true, cell: (row) => row.candidate, hideBelow: "sm" },
  {
    id: "difference",
    header: "Difference",
    numeric: true,
    cell: (row) => (
      <>
        <span>{row.difference}</span>
        <span className="block font-sans text-ink-3 text-xs sm:hidden">{row.certainty}</span>
      </>
    ),
  },
  {
    id: "certainty",
    header: "How sure",
    cell: (row) => <span className="whitespace-nowrap text-ink-2">{row.certainty}</span>,
    hideBelow: "sm",
  },
];

/** Every measure of both versions, worst first. */
export const MetricTable = ({
  metrics,
  baseline,
  candidate,
}: {
  metrics: readonly Metric[];
  baseline: string;
  candidate: string;
}) => (
  <DataTable
    label={`${candidate} against ${baseline}, measure by measure`}
    columns={columns(baseline, candidate)}
    rows={metricRows(metrics)}
    rowKey={(row) => row.name}
    rowClassName={(row) => (row.verdict === "context" ? "text-ink-2" : undefined)}
  />
);
