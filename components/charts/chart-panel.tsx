"use client";

import { ChartLine, Table2 } from "lucide-react";
import dynamic from "next/dynamic";
import { useMemo } from "react";
import { useHydrated } from "../feedback/time.tsx";
import { Section } from "../layout/page.tsx";
import { cn } from "../lib/cn.ts";
import { Button } from "../ui/button.tsx";
import { NumberTable } from "./number-table.tsx";
import { type Panel, type PanelInput, preparePanel } from "./prepare/panel.ts";

const HEIGHT = 188;
const TimeChart = dynamic(() => import("./time-chart.tsx"), {
  ssr: false,
  loading: () => <div style={{ height: HEIGHT }} />,
});

interface ChartPanelProps {
  title: string;
  input: PanelInput;
  /** the range in words: "last hour" */
  rangeWords: string;
  cursor: string;
  asTable: boolean;
  onAsTableChange: (asTable: boolean) => void;
  className?: string;
}

const DOT = { main: "bg-accent", second: "bg-chart-2", third: "bg-chart-3" } as const;

/** One chart with its words: title, unit, range, legend, and the same numbers as a table. Its height never changes. */
export function ChartPanel(props: ChartPanelProps) {
  const { title, input, asTable } = props;
  const panel = useMemo(() => preparePanel(input, -new Date().getTimezoneOffset()), [input]);
  const hydrated = useHydrated();
  return (
    <Section
      title={title}
      note={`${panel.axisUnit}, ${props.rangeWords}`}
      className={cn("min-w-0", props.className)}
      actions={
        <>
          {panel.lines.length > 1 ? <Legend panel={panel} /> : null}
          <Button
            variant="ghost"
            size="icon"
            aria-pressed={asTable}
            aria-label={asTable ? `${title} as a chart` : `${title} as a table`}
            onClick={() => props.onAsTableChange(!asTable)}
          >
            {asTable ? <ChartLine /> : <Table2 />}
          </Button>
        </>
      }
    >
      {/* the drawing takes its new width a moment after its place has it */}
      <div className="overflow-hidden p-1" style={{ height: HEIGHT + 8 }}>
        {asTable ? (
          hydrated && (
            <NumberTable title={title} columns={panel.lines} rows={panel.rows} formatValue={panel.formatValue} />
          )
        ) : panel.known ? (
          <figure role="img" aria-label={`${title}, ${props.rangeWords}. ${panel.summary}`}>
            <TimeChart panel={panel} cursor={props.cursor} height={HEIGHT} />
          </figure>
        ) : (
          <p className="flex h-full items-center justify-center text-ink-3 text-sm">
            Nothing was counted in the {props.rangeWords}: unknown, not zero.
          </p>
        )}
      </div>
    </Section>
  );
}

const Legend = ({ panel }: { panel: Panel }) => (
  <ul className="flex gap-3 text-ink-2 text-xs">
    {panel.lines.map((line) => (
      <li key={line.key} className="flex items-center gap-1.5">
        <span aria-hidden="true" className={cn("h-0.5 w-3 rounded-full", DOT[line.weight])} />
        {line.label}
      </li>
    ))}
  </ul>
);
