"use client";

import dynamic from "next/dynamic";
import { useState } from "react";
import { useHydrated } from "../feedback/time.tsx";
import { cn } from "../lib/cn.ts";
import { formatAbsolute, formatCount } from "../lib/format.ts";
import { percent, Selected, TimeAxis, ValueAxis } from "./axes.tsx";
import type { Bars } from "./prepare/bars.ts";
import { fractionAt, type Span, zoomOf } from "./prepare/brush.ts";
import { useBrush } from "./use-brush.ts";
import { useStepKeys } from "./use-step-keys.ts";
import { useTurn } from "./use-turn.ts";

/** room above the bars for the markers' labels, px */
const LABEL_ROOM = 24;
const load = () => import("./bar-drawing.tsx");
const BarDrawing = dynamic(load, { ssr: false });

interface BarChartProps {
  bars: Bars;
  /** what the picture shows, read out */
  label: string;
  /** height of the drawing without its axis, px */
  height: number;
  onZoom: (from: Date, to: Date) => void;
}

/**
 * Prepared bars and what can be done with them. Drag over them to zoom; with the keyboard:
 * arrows move, Shift and arrows select, Enter zooms.
 */
export function BarChart({ bars, label, height, onZoom }: BarChartProps) {
  const [hovered, setHovered] = useState<number | null>(null);
  const hydrated = useHydrated();
  const zoom = (span: Span) => {
    const to = zoomOf(span, bars.domain, bars.stepMs);
    if (to) onZoom(new Date(to.fromMs), new Date(to.toMs));
  };
  const brush = useBrush(zoom);
  const keys = useStepKeys(bars.bars, zoom);
  const shown = keys.at ?? hovered;
  const span = brush.span ?? keys.span;
  const pointed = (share: number) =>
    setHovered(bars.bars.findIndex((bar) => share >= bar.left && share < bar.left + bar.width));

  return (
    <div className="grid grid-cols-[2.875rem_minmax(0,1fr)]">
      <ValueAxis ticks={bars.ticks.y} />
      <div
        className="relative cursor-crosshair touch-pan-y select-none"
        style={{ height }}
        {...brush.handlers}
        onPointerMove={(event) => {
          brush.handlers.onPointerMove(event);
          const box = event.currentTarget.getBoundingClientRect();
          pointed(fractionAt(event.clientX, box.left, box.width));
        }}
        onPointerLeave={() => setHovered(null)}
      >
        <Drawing bars={bars} label={label} height={height} />
        <div
          role="slider"
          tabIndex={0}
          aria-label={`${label}: choose a part of the range. Arrow keys move, Shift and arrow keys select, Enter zooms.`}
          aria-valuemin={0}
          aria-valuemax={Math.max(0, bars.bars.length - 1)}
          aria-valuenow={keys.at ?? Math.max(0, bars.bars.length - 1)}
          aria-valuetext={valueText(bars, keys.at, hydrated)}
          className="absolute inset-0"
          onKeyDown={keys.onKeyDown}
          onBlur={keys.leave}
        />
        {span ? <Selected span={span} /> : null}
        {shown !== null && bars.bars[shown] ? <Reading bars={bars} index={shown} /> : null}
      </div>
      <span />
      <TimeAxis ticks={bars.ticks.x} lengthMs={bars.domain.toMs - bars.domain.fromMs} />
    </div>
  );
}

function valueText(bars: Bars, index: number | null, hydrated: boolean): string {
  const row = bars.rows[index ?? bars.rows.length - 1];
  if (!row || !hydrated) return bars.summary;
  const parts = bars.series.map(({ key, label }) => `${label} ${formatCount(row[key])}`);
  return `${formatAbsolute(new Date(row.t))}: ${parts.join(", ")}`;
}

/** Its place is kept while the library comes, so that nothing moves. */
function Drawing({ bars, label, height }: Pick<BarChartProps, "bars" | "label" | "height">) {
  const isDrawn = useTurn(load);
  return (
    <figure
      role="img"
      aria-label={`${label}. ${bars.summary}`}
      className="pointer-events-none absolute inset-x-0 bottom-0 overflow-x-clip"
      style={{ height: height + LABEL_ROOM }}
    >
      {isDrawn ? <BarDrawing bars={bars} height={height} labelRoom={LABEL_ROOM} /> : null}
    </figure>
  );
}

/** The numbers of one bar, beside it on the side that has the room. */
function Reading({ bars, index }: { bars: Bars; index: number }) {
  const [bar, row] = [bars.bars[index], bars.rows[index]];
  if (!bar || !row) return null;
  const right = bar.left > 0.5;
  return (
    <>
      <div
        aria-hidden="true"
        className="pointer-events-none absolute inset-y-0 bg-ink/8"
        style={{ left: percent(bar.left), width: percent(bar.width) }}
      />
      <div
        aria-hidden="true"
        className={cn(
          "pointer-events-none absolute top-1 z-10 rounded-md border border-line-strong bg-surface px-2 py-1.5 text-xs",
          right ? "-translate-x-full -ml-1.5" : "ml-1.5",
        )}
        style={{ left: percent(right ? bar.left : bar.left + bar.width) }}
      >
        <p className="num mb-1 whitespace-nowrap text-ink-3">{formatAbsolute(new Date(row.t))}</p>
        {[...bars.series].reverse().map(({ key, label }) => (
          <p key={key} className="flex justify-between gap-4">
            <span className="text-ink-2">{label}</span>
            <span className="num">{formatCount(row[key])}</span>
          </p>
        ))}
      </div>
    </>
  );
}
