"use client";

import dynamic from "next/dynamic";
import { type PointerEvent, useMemo, useRef } from "react";
import { useHydrated } from "../feedback/time.tsx";
import { cn } from "../lib/cn.ts";
import { formatAbsolute } from "../lib/format.ts";
import { percent, Selected, TimeAxis, ValueAxis } from "./axes.tsx";
import { lookOf } from "./line-look.ts";
import { fractionAt, type Span, zoomOf } from "./prepare/brush.ts";
import { nearestLine, placeIn, rowAt } from "./prepare/line-places.ts";
import type { Panel } from "./prepare/panel.ts";
import { useSharedCursor } from "./shared-cursor.ts";
import { useBrush } from "./use-brush.ts";
import { useStepKeys } from "./use-step-keys.ts";
import { useTurn } from "./use-turn.ts";

/** room above the lines for the markers' labels, px */
const LABEL_ROOM = 18;
const load = () => import("./line-drawing.tsx");
const LineDrawing = dynamic(load, { ssr: false });

/** What somebody pointed at: a step, and the line that is nearest. */
export interface Picked {
  from: Date;
  to: Date;
  key: string;
  value: number;
}

interface LineChartProps {
  panel: Panel;
  /** what the picture shows, read out */
  label: string;
  /** height of the drawing without its axis, px */
  height: number;
  /** charts of the same name share their cursor */
  cursor: string;
  /** after a drag, or Shift and arrow keys and Enter */
  onZoom?: ((from: Date, to: Date) => void) | undefined;
  /** after a click, or Enter */
  onPick?: ((picked: Picked) => void) | undefined;
}

/** A prepared panel and what can be done with it; recharts draws it, and its place is kept until it comes. */
export function LineChart({ panel, label, height, cursor, onZoom, onPick }: LineChartProps) {
  const [t, moveTo] = useSharedCursor(cursor);
  const hydrated = useHydrated();
  const height01 = useRef(0);
  const at = useMemo(() => placeIn(panel), [panel]);
  const steps = useMemo(
    () => panel.rows.map((row) => ({ left: at.x(row.t), width: at.x(row.t + panel.stepMs) - at.x(row.t) })),
    [panel, at],
  );
  const [fromMs, toMs] = panel.domain.x;
  const timeAt = (share: number): number => fromMs + share * (toMs - fromMs);
  const zoom = (span: Span): boolean => {
    const to = zoomOf(span, { fromMs, toMs }, panel.stepMs);
    if (to) onZoom?.(new Date(to.fromMs), new Date(to.toMs));
    return to !== null;
  };
  const pick = (index: number, key: string | null) => {
    const row = panel.rows[index];
    const value = key === null ? null : (row?.[key] ?? null);
    if (row && key !== null && value !== null)
      onPick?.({ from: new Date(row.t), to: new Date(row.t + panel.stepMs), key, value });
  };
  const brush = useBrush((span) => {
    if (Math.abs(span.to - span.from) > CLICK_SHARE) {
      zoom(span);
      return;
    }
    const index = rowAt(panel, timeAt(span.to));
    const [bottom, top] = panel.domain.y;
    if (index !== null) pick(index, nearestLine(panel, index, bottom + height01.current * (top - bottom)));
  });
  const main = panel.lines.find(({ weight }) => weight === "main") ?? panel.lines[0];
  const keys = useStepKeys(steps, zoom, onPick ? (index) => pick(index, main?.key ?? null) : undefined);
  const focused = keys.at === null ? null : panel.rows[keys.at];
  const shownAt = focused ? focused.t : t;
  const index = shownAt === null ? null : rowAt(panel, shownAt);
  const span = onZoom ? (brush.span ?? keys.span) : null;

  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    height01.current = 1 - fractionAt(event.clientY, box.top, box.height);
    brush.handlers.onPointerMove(event);
    moveTo(timeAt(fractionAt(event.clientX, box.left, box.width)));
  };
  return (
    <div className="grid grid-cols-[2.875rem_minmax(0,1fr)] pt-4.5 pr-3">
      <ValueAxis ticks={panel.ticks.y.map((tick) => ({ label: panel.formatTick(tick), at: at.y(tick) }))} />
      <div
        className={cn("relative touch-pan-y select-none", onZoom && "cursor-crosshair")}
        style={{ height }}
        {...brush.handlers}
        onPointerMove={onPointerMove}
        onPointerLeave={() => moveTo(null)}
      >
        <Drawing panel={panel} label={label} height={height} />
        <div
          role="slider"
          tabIndex={0}
          aria-label={`${label}: ${keyWords(onZoom !== undefined, onPick !== undefined)}`}
          aria-valuemin={0}
          aria-valuemax={Math.max(0, panel.rows.length - 1)}
          aria-valuenow={keys.at ?? Math.max(0, panel.rows.length - 1)}
          aria-valuetext={hydrated && keys.at !== null ? spoken(panel, keys.at) : panel.summary}
          className="absolute inset-0"
          onKeyDown={keys.onKeyDown}
          onBlur={keys.leave}
        />
        {span ? <Selected span={span} /> : null}
        {index !== null ? <Reading panel={panel} index={index} /> : null}
      </div>
      <span />
      <TimeAxis ticks={panel.ticks.x.map((tick) => ({ t: tick, at: at.x(tick) }))} lengthMs={toMs - fromMs} />
    </div>
  );
}

/** a pointer that moved less than this share of the width has clicked */
const CLICK_SHARE = 0.012;

const keyWords = (zooms: boolean, picks: boolean): string =>
  [
    "Arrow keys read the values.",
    zooms ? "Shift and arrow keys select, Enter zooms." : "",
    picks ? "Enter without a selection shows examples." : "",
  ]
    .filter(Boolean)
    .join(" ");

function spoken(panel: Panel, index: number): string {
  const row = panel.rows[index];
  if (!row) return "";
  const values = panel.lines.map(({ key, label }) => `${label} ${panel.formatValue(row[key])}`);
  return `${formatAbsolute(new Date(row.t))}: ${values.join(", ")}`;
}

function Drawing({ panel, label, height }: Pick<LineChartProps, "panel" | "label" | "height">) {
  const isDrawn = useTurn(load);
  return (
    <figure
      role="img"
      aria-label={`${label}. ${panel.summary}`}
      className="pointer-events-none absolute inset-x-0 bottom-0 overflow-x-clip"
      style={{ height: height + LABEL_ROOM }}
    >
      {isDrawn ? <LineDrawing panel={panel} height={height} labelRoom={LABEL_ROOM} /> : null}
    </figure>
  );
}

/** so many lines fit beside the cursor: the largest of that moment */
const READ = 8;

/** The numbers of one step, beside it on the side that has the room. */
function Reading({ panel, index }: { panel: Panel; index: number }) {
  const row = panel.rows[index];
  if (!row) return null;
  const left = placeIn(panel).x(row.t);
  const right = left > 0.5;
  const known = panel.lines.filter(({ key }) => row[key] !== null);
  const shown =
    panel.lines.length > READ
      ? [...known].sort((a, b) => (row[b.key] ?? 0) - (row[a.key] ?? 0)).slice(0, READ)
      : panel.lines;
  return (
    <>
      <div
        aria-hidden="true"
        className="pointer-events-none absolute inset-y-0 w-px bg-line-strong"
        style={{ left: percent(left) }}
      />
      <div
        aria-hidden="true"
        className={cn(
          "pointer-events-none absolute top-1 z-10 max-w-[min(24rem,70vw)] rounded-md border border-line-strong bg-surface px-2 py-1.5 text-xs",
          right ? "-translate-x-full -ml-1.5" : "ml-1.5",
        )}
        style={{ left: percent(left) }}
      >
        <p className="num mb-1 whitespace-nowrap text-ink-3">{formatAbsolute(new Date(row.t))}</p>
        {shown.map((line) => (
          <p key={line.key} className="flex items-center gap-2">
            <span className={cn("h-0.5 w-2.5 shrink-0 rounded-full", lookOf(line).dot)} />
            <span className="min-w-0 flex-1 truncate text-ink-2">{line.label}</span>
            <span className="num pl-2">{panel.formatValue(row[line.key])}</span>
          </p>
        ))}
        {shown.length < known.length ? (
          <p className="text-ink-3">and {known.length - shown.length} smaller ones</p>
        ) : null}
      </div>
    </>
  );
}
