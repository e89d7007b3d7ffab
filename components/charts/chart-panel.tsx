"use client";

import { ChartLine, Table2 } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { useHydrated } from "../feedback/time.tsx";
import { Section } from "../layout/page.tsx";
import { Button } from "../ui/button.tsx";
import { LineChart, type Picked } from "./line-chart.tsx";
import { LineSample } from "./line-sample.tsx";
import { NumberTable } from "./number-table.tsx";
import { type Panel, type PanelInput, preparePanel } from "./prepare/panel.ts";

/** px of the drawing, unless asked for otherwise */
const DRAWN = 146;
/** its axis and the markers' labels */
const AROUND = 50;

interface ChartPanelProps {
  title: string;
  input: PanelInput;
  /** the range in words: "last hour" */
  rangeWords: string;
  /** the range within a sentence: "in the last hour" */
  within?: string;
  cursor: string;
  asTable: boolean;
  onAsTableChange: (asTable: boolean) => void;
  onZoom?: ((from: Date, to: Date) => void) | undefined;
  onPick?: ((picked: Picked) => void) | undefined;
  /** why nothing is known, where that can be said */
  problem?: string | null;
  /** beside the title, after unit and range */
  note?: ReactNode;
  actions?: ReactNode;
  /** px of the drawing */
  drawn?: number;
  /** false: the lines are named elsewhere */
  legend?: boolean;
  className?: string;
}

/** One chart with its words: title, unit, range, legend, and the same numbers as a table. Its height never changes. */
export function ChartPanel(props: ChartPanelProps) {
  const { title, input, asTable, rangeWords, drawn = DRAWN, legend = true } = props;
  const panel = useMemo(() => preparePanel(input, -new Date().getTimezoneOffset()), [input]);
  const hydrated = useHydrated();
  return (
    <Section
      title={title}
      note={
        <>
          {[panel.axisUnit, rangeWords].filter(Boolean).join(", ")}
          {props.note ? <>, {props.note}</> : null}
        </>
      }
      {...(props.className ? { className: props.className } : {})}
      actions={
        <>
          {legend && panel.lines.length > 1 ? <Legend panel={panel} /> : null}
          {props.actions}
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
      <div style={{ height: drawn + AROUND }}>
        {asTable ? (
          hydrated && (
            <NumberTable title={title} columns={panel.lines} rows={panel.rows} formatValue={panel.formatValue} />
          )
        ) : panel.known ? (
          <LineChart
            panel={panel}
            label={`${title}, ${rangeWords}`}
            height={drawn}
            cursor={props.cursor}
            onZoom={props.onZoom}
            onPick={props.onPick}
          />
        ) : (
          <p className="flex h-full items-center justify-center px-4 text-center text-ink-3 text-sm">
            {props.problem ?? `Nothing was counted ${props.within ?? "in this range"}: unknown, not zero.`}
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
        <LineSample line={line} />
        {line.label}
      </li>
    ))}
  </ul>
);
