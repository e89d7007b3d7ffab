"use client";

import dynamic from "next/dynamic";
import { type KeyboardEvent, useState } from "react";
import { useHydrated } from "../feedback/time.tsx";
import { cn } from "../lib/cn.ts";
import { formatAbsolute, formatClock, formatCount } from "../lib/format.ts";
import type { Bars } from "./prepare/bars.ts";
import { fractionAt, type Span, zoomOf } from "./prepare/brush.ts";
import { useBrush } from "./use-brush.ts";

/** room above the bars for the markers' labels, px */
const LABEL_ROOM = 24;
const BarDrawing = dynamic(() => import("./bar-drawing.tsx"), { ssr: false });

/** a longer range has dates on its axis, a shorter one clock times */
const DAYS_FROM_MS = 36 * 3_600_000;
const percent = (share: number): string => `${(share * 100).toFixed(3)}%`;

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
  const keys = useBarKeys(bars, zoom);
  const shown = keys.at ?? hovered;
  const span = brush.span ?? keys.span;
  const pointed = (share: number) =>
    setHovered(bars.bars.findIndex((bar) => share >= bar.left && share < bar.left + bar.width));

  return (
    <div className="grid grid-cols-[2.875rem_minmax(0,1fr)]">
      <ValueAxis bars={bars} />
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
      <TimeAxis bars={bars} />
    </div>
  );
}

function useBarKeys(bars: Bars, zoom: (span: Span) => void) {
  const [at, setAt] = useState<number | null>(null);
  const [anchor, setAnchor] = useState<number | null>(null);
  const edges = (index: number): [number, number] => {
    const bar = bars.bars[index];
    return bar ? [bar.left, bar.left + bar.width] : [0, 0];
  };
  const span =
    at !== null && anchor !== null
      ? { from: Math.min(edges(at)[0], edges(anchor)[0]), to: Math.max(edges(at)[1], edges(anchor)[1]) }
      : null;
  const leave = () => {
    setAt(null);
    setAnchor(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const last = bars.bars.length - 1;
    const now = Math.min(at ?? last, last);
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      setAnchor(event.shiftKey ? (anchor ?? now) : null);
      setAt(at === null && !event.shiftKey ? last : Math.min(last, Math.max(0, next)));
    } else if (event.key === "Enter" && span) {
      event.preventDefault();
      leave();
      zoom(span);
    } else if (event.key === "Escape") leave();
  };
  return { at, span, onKeyDown, leave };
}

function valueText(bars: Bars, index: number | null, hydrated: boolean): string {
  const row = bars.rows[index ?? bars.rows.length - 1];
  if (!row || !hydrated) return bars.summary;
  const parts = bars.series.map(({ key, label }) => `${label} ${formatCount(row[key])}`);
  return `${formatAbsolute(new Date(row.t))}: ${parts.join(", ")}`;
}

/** Its place is kept while the library comes, so that nothing moves. */
const Drawing = ({ bars, label, height }: Pick<BarChartProps, "bars" | "label" | "height">) => (
  <figure
    role="img"
    aria-label={`${label}. ${bars.summary}`}
    className="pointer-events-none absolute inset-x-0 bottom-0"
    style={{ height: height + LABEL_ROOM }}
  >
    <BarDrawing bars={bars} height={height} labelRoom={LABEL_ROOM} />
  </figure>
);

const Selected = ({ span }: { span: Span }) => (
  <div
    aria-hidden="true"
    className="pointer-events-none absolute inset-y-0 border-accent border-x bg-accent/15"
    style={{ left: percent(Math.min(span.from, span.to)), width: percent(Math.abs(span.to - span.from)) }}
  />
);

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

const ValueAxis = ({ bars }: { bars: Bars }) => (
  <div aria-hidden="true" className="relative text-ink-3 text-xs">
    {bars.ticks.y.map((tick) => (
      <span key={tick.at} className="num absolute right-1.5 -translate-y-1/2" style={{ top: percent(1 - tick.at) }}>
        {tick.label}
      </span>
    ))}
  </div>
);

function TimeAxis({ bars }: { bars: Bars }) {
  const hydrated = useHydrated();
  const days = bars.domain.toMs - bars.domain.fromMs > DAYS_FROM_MS;
  return (
    <div aria-hidden="true" className="relative h-6 text-ink-3 text-xs">
      {hydrated
        ? bars.ticks.x.map((tick) => (
            <span
              key={tick.t}
              className={cn("num absolute top-1.5", tick.at > 0.96 ? "-translate-x-full" : "-translate-x-1/2")}
              style={{ left: percent(tick.at) }}
            >
              {days ? formatAbsolute(new Date(tick.t)).slice(5, 10) : formatClock(new Date(tick.t))}
            </span>
          ))
        : null}
    </div>
  );
}
