"use client";

import { useMemo } from "react";
import { LineSample } from "../charts/line-sample.tsx";
import { type Column, DataTable } from "../data-table/data-table.tsx";
import { cn } from "../lib/cn.ts";
import type { NamedLine } from "./prepare/metric-lines.ts";

interface LineTableProps {
  lines: readonly NamedLine[];
  hidden: readonly string[];
  onHidden: (hidden: string[]) => void;
  formatValue: (value: number | null) => string;
  /** name of the URL parameter that keeps the order */
  sortParameter: string;
}

/** The legend: each line with its numbers, shown and hidden by a click on its name. */
export function LineTable({ lines, hidden, onHidden, formatValue, sortParameter }: LineTableProps) {
  const columns = useMemo(() => {
    const value = (id: "last" | "min" | "avg" | "max", header: string, hideBelow?: "sm"): Column<NamedLine> => ({
      ...{ id, header, numeric: true, ...(hideBelow ? { hideBelow } : {}) },
      sort: (line) => line[id],
      cell: (line) => formatValue(line[id]),
    });
    const toggle = (name: string) =>
      onHidden(hidden.includes(name) ? hidden.filter((one) => one !== name) : [...hidden, name]);
    return [
      {
        id: "line",
        header: "Line",
        className: "w-full max-w-0",
        sort: (line) => line.name,
        cell: (line) => (
          <button
            type="button"
            aria-pressed={!hidden.includes(line.name)}
            title={hidden.includes(line.name) ? "Show it" : "Hide it"}
            onClick={() => toggle(line.name)}
            className={cn(
              "flex w-full min-w-0 items-center gap-2 text-left",
              hidden.includes(line.name) && "text-ink-3 line-through",
            )}
          >
            <LineSample line={{ weight: "main", series: line.series }} />
            <span className="num min-w-0 truncate">{line.name}</span>
          </button>
        ),
      },
      value("last", "Last"),
      value("min", "Least", "sm"),
      value("avg", "Mean", "sm"),
      value("max", "Most"),
    ] satisfies Column<NamedLine>[];
  }, [hidden, onHidden, formatValue]);
  return (
    <DataTable
      label="Lines of the chart"
      columns={columns}
      rows={lines}
      rowKey={(line) => String(line.series)}
      sortParameter={sortParameter}
    />
  );
}
