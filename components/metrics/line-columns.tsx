"use client";

import { useMemo } from "react";
import { LineSample } from "../charts/line-sample.tsx";
import type { Column } from "../data-table/data-table.tsx";
import type { TableSource } from "../data-table/table-state.ts";
import { VisibleText } from "../feedback/visible-text.tsx";
import { cn } from "../lib/cn.ts";
import type { NamedLine } from "./prepare/metric-lines.ts";

interface LinesInput {
  lines: readonly NamedLine[];
  hidden: readonly string[];
  onHidden: (hidden: string[]) => void;
  formatValue: (value: number | null) => string;
  /** of the values, as their source names it: "By/s" */
  unit: string;
  /** the panel's place, from 1: each keeps the state of its table under names of its own */
  place: number;
}

/** The lines as a table's rows, for `LegendTable` and the menu above it. */
export function useLineTable({
  lines,
  hidden,
  onHidden,
  formatValue,
  unit,
  place,
}: LinesInput): TableSource<NamedLine> {
  const columns = useMemo(() => {
    const value = (id: "last" | "min" | "avg" | "max", header: string, hideBelow?: "sm"): Column<NamedLine> => ({
      ...{ id, header, numeric: true, ...(hideBelow ? { hideBelow } : {}), unit: unit === "1" ? "" : unit },
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
            <span className="num min-w-0 truncate">
              <VisibleText text={line.name} />
            </span>
          </button>
        ),
      },
      value("last", "Last"),
      value("min", "Least", "sm"),
      value("avg", "Mean", "sm"),
      value("max", "Most"),
    ] satisfies Column<NamedLine>[];
  }, [hidden, onHidden, formatValue, unit]);
  return {
    label: "Lines of the chart",
    columns,
    rows: lines,
    sortParameter: `sort${place}`,
    hideParameter: `hide${place}`,
  };
}
