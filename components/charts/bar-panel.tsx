"use client";

import { ChartColumn, Table2 } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { useHydrated } from "../feedback/time.tsx";
import { Section } from "../layout/page.tsx";
import { cn } from "../lib/cn.ts";
import { formatCount } from "../lib/format.ts";
import { Button } from "../ui/button.tsx";
import { BarChart } from "./bar-chart.tsx";
import { NumberTable } from "./number-table.tsx";
import { type BarInput, type BarSeries, prepareBars } from "./prepare/bars.ts";

/** of the whole place: the drawing, its time axis and the marker's labels */
export const BAR_PANEL_HEIGHT = 164;
const DRAWN = 112;

const DOT: Record<BarSeries["tone"], string> = {
  critical: "bg-critical",
  warning: "bg-warning/65 dark:bg-warning",
  neutral: "bg-chart-2",
  faint: "bg-chart-3",
};

interface BarPanelProps {
  title: string;
  note: ReactNode;
  input: BarInput;
  /** the range in words: "last hour" */
  rangeWords: string;
  /** what to say where all that is known is that there was nothing; null: something was there */
  empty?: string | null;
  asTable: boolean;
  onAsTableChange: (asTable: boolean) => void;
  onZoom: (from: Date, to: Date) => void;
}

/** Stacked bars with their words: title, legend, and the same numbers as a table. Its height never changes. */
export function BarPanel(props: BarPanelProps) {
  const { title, note, input, rangeWords, asTable, onAsTableChange, onZoom } = props;
  const bars = useMemo(() => prepareBars(input, -new Date().getTimezoneOffset()), [input]);
  const hydrated = useHydrated();
  const nothing = bars.known ? props.empty : "Nothing is known of this range: unknown, not zero.";
  return (
    <Section
      title={title}
      note={note}
      actions={
        <>
          <ul className="hidden gap-3 text-ink-2 text-xs sm:flex">
            {bars.series.map((one) => (
              <li key={one.key} className="flex items-center gap-1.5">
                <span aria-hidden="true" className={cn("size-2 rounded-sm", DOT[one.tone])} />
                {one.label}
              </li>
            ))}
          </ul>
          <Button
            variant="ghost"
            size="icon"
            aria-pressed={asTable}
            aria-label={asTable ? `${title} as a chart` : `${title} as a table`}
            onClick={() => onAsTableChange(!asTable)}
          >
            {asTable ? <ChartColumn /> : <Table2 />}
          </Button>
        </>
      }
    >
      <div style={{ height: BAR_PANEL_HEIGHT }} className={asTable ? undefined : "pt-6 pr-3"}>
        {asTable ? (
          hydrated && <NumberTable title={title} columns={bars.series} rows={bars.rows} formatValue={formatCount} />
        ) : nothing ? (
          <p className="flex h-full items-center justify-center px-4 text-center text-ink-3 text-sm">{nothing}</p>
        ) : (
          <BarChart bars={bars} label={`${title}, ${rangeWords}`} height={DRAWN} onZoom={onZoom} />
        )}
      </div>
    </Section>
  );
}
