"use client";

import { DataTable } from "../data-table/data-table.tsx";
import type { TableSource } from "../data-table/table-state.ts";
import type { NamedLine } from "./prepare/metric-lines.ts";

/** The legend: each line with its numbers, shown and hidden by a click on its name. */
export const LegendTable = ({ table }: { table: TableSource<NamedLine> }) => (
  <DataTable {...table} rowKey={(line) => String(line.series)} />
);
