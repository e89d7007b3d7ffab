"use client";

import type { Column } from "../data-table/data-table.tsx";
import { Mark } from "../feedback/mark.tsx";
import { MISSING } from "../lib/format.ts";
import { COMPARISON_LOOK } from "../marks/deployment-states.ts";
import type { MetricRow } from "./metric-rows.ts";

const Verdict = ({ verdict }: Pick<MetricRow, "verdict">) =>
  verdict === "context" ? (
    <span className="whitespace-nowrap text-ink-3">for context</span>
  ) : (
    <Mark tone={COMPARISON_LOOK[verdict].tone}>{COMPARISON_LOOK[verdict].word}</Mark>
  );

export const metricColumns = (baseline: string, candidate: string): Column<MetricRow>[] => [
  {
    id: "measure",
    header: "Measure",
    cell: (row) => (
      <>
        <span className="inline-block first-letter:uppercase">{row.label}</span>
        <span className="num block text-ink-2 text-xs sm:hidden">
          {row.baseline} → {row.candidate}
        </span>
      </>
    ),
    className: "max-sm:w-1/2",
  },
  { id: "baseline", header: baseline, numeric: true, cell: (row) => row.baseline, hideBelow: "sm" },
  { id: "candidate", header: candidate, numeric: true, cell: (row) => row.candidate, hideBelow: "sm" },
  {
    id: "difference",
    header: "Difference",
    numeric: true,
    cell: (row) => row.difference,
    hideBelow: "sm",
  },
  {
    id: "verdict",
    header: "Verdict",
    cell: (row) => (
      <span className="flex flex-col">
        <span className="num text-xs sm:hidden">{row.difference}</span>
        <Verdict verdict={row.verdict} />
        {row.why ? <span className="text-ink-3 text-xs">{row.why}</span> : null}
        {row.certainty === MISSING ? null : <span className="text-ink-3 text-xs sm:hidden">{row.certainty}</span>}
      </span>
    ),
    className: "sm:w-1/3 sm:pl-8",
  },
  {
    id: "certainty",
    header: "How sure",
    cell: (row) => <span className="whitespace-nowrap text-ink-2">{row.certainty}</span>,
    hideBelow: "sm",
  },
];
