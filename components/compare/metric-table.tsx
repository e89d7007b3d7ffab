"use client";

import { DataTable } from "../data-table/data-table.tsx";
import { metricColumns } from "./metric-columns.tsx";
import { type Metric, metricRows } from "./metric-rows.ts";

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
    columns={metricColumns(baseline, candidate)}
    rows={metricRows(metrics)}
    rowKey={(row) => row.name}
    rowClassName={(row) => (row.verdict === "context" ? "text-ink-2" : undefined)}
  />
);
