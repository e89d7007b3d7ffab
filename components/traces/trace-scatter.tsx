"use client";

import dynamic from "next/dynamic";
import { type PointerEvent, useMemo, useRef, useState } from "react";
import { percent, TimeAxis, ValueAxis } from "../charts/axes.tsx";
import { fractionAt } from "../charts/prepare/brush.ts";
import { useOpenPage } from "../layout/open-page.tsx";
import { Section } from "../layout/page.tsx";
import { cn } from "../lib/cn.ts";
import { useEnvironment } from "../lib/environment.tsx";
import { formatAbsolute, formatMs, plural } from "../lib/format.ts";
import { plainText } from "../logs/lines/plain-text.ts";
import { SCATTER_DRAWN, SCATTER_HEIGHT } from "./page-sizes.ts";
import { type Area, type Dot, dotAt, prepareScatter, type Scatter, zoomOfArea } from "./prepare/scatter.ts";
import type { TraceRow } from "./trace-columns.tsx";

const ScatterDrawing = dynamic(() => import("./scatter-drawing.tsx"), { ssr: false });

/** for dots at the edge, px */
const ROOM = 10;
/** less than this of the width or height was a click, not a drag */
const LEAST_DRAG = 0.01;

interface TraceScatterProps {
  traces: readonly TraceRow[];
  window: { from: Date; to: Date };
  words: string;
  onZoom: (zoom: ReturnType<typeof zoomOfArea>) => void;
}

/** Every trace of the list as a dot: a click opens it, a drag zooms in time and duration. The table is the other way. */
export function TraceScatter({ traces, window, words, onZoom }: TraceScatterProps) {
  const scatter = useMemo(
    () =>
      prepareScatter(
        traces,
        { fromMs: window.from.getTime(), toMs: window.to.getTime() },
        -new Date().getTimezoneOffset(),
      ),
    [traces, window],
  );
  return (
    <Section title="Duration over time" note={words} actions={<Legend />}>
      <div className="grid grid-cols-[3.75rem_minmax(0,1fr)] pt-3.5 pr-4" style={{ height: SCATTER_HEIGHT }}>
        <ValueAxis ticks={scatter.ticks.y} />
        <Plot traces={traces} scatter={scatter} label={`Duration over time, ${words}`} onZoom={onZoom} />
        <span />
        <TimeAxis ticks={scatter.ticks.x} lengthMs={scatter.domain.toMs - scatter.domain.fromMs} />
      </div>
    </Section>
  );
}

const Legend = () => (
  <ul className="flex gap-3 text-ink-2 text-xs">
    <li className="flex items-center gap-1.5">
      <svg aria-hidden="true" viewBox="0 0 10 10" className="size-2.5">
        <circle cx="5" cy="5" r="3.5" className="fill-accent/55 stroke-accent" />
      </svg>
      good
    </li>
    <li className="flex items-center gap-1.5">
      <svg aria-hidden="true" viewBox="0 0 10 10" className="size-2.5">
        <path d="M5 0 10 5 5 10 0 5Z" className="fill-critical" />
      </svg>
      with errors
    </li>
  </ul>
);

function Plot({
  traces,
  scatter,
  label,
  onZoom,
}: {
  traces: readonly TraceRow[];
  scatter: Scatter;
  label: string;
  onZoom: TraceScatterProps["onZoom"];
}) {
  const open = useOpenPage();
  const { link } = useEnvironment();
  const [hovered, setHovered] = useState<Dot | null>(null);
  const [area, setArea] = useState<Area | null>(null);
  const start = useRef<{ x: number; y: number } | null>(null);

  const placeOf = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return {
      x: fractionAt(event.clientX, box.left, box.width),
      y: 1 - fractionAt(event.clientY, box.top, box.height),
      size: { width: box.width, height: box.height },
    };
  };
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    start.current = placeOf(event);
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const place = placeOf(event);
    if (start.current) setArea({ x: [start.current.x, place.x], y: [start.current.y, place.y] });
    else setHovered(dotAt(scatter.dots, place, place.size));
  };
  const leave = () => {
    start.current = null;
    setArea(null);
  };
  const onPointerUp = (event: PointerEvent<HTMLElement>) => {
    const from = start.current;
    if (!from) return;
    const place = placeOf(event);
    leave();
    if (Math.abs(place.x - from.x) > LEAST_DRAG || Math.abs(place.y - from.y) > LEAST_DRAG) {
      onZoom(zoomOfArea({ x: [from.x, place.x], y: [from.y, place.y] }, scatter.domain));
      return;
    }
    const dot = dotAt(scatter.dots, place, place.size);
    if (dot) open(link(`/traces/${dot.traceId}`));
  };
  return (
    <div
      className={cn("relative touch-pan-y select-none", hovered ? "cursor-pointer" : "cursor-crosshair")}
      style={{ height: SCATTER_DRAWN }}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={leave}
      onPointerLeave={() => setHovered(null)}
    >
      <Dots scatter={scatter} label={label} hovered={hovered} />
      {area ? <Chosen area={area} /> : null}
      {hovered && !area ? (
        <Reading dot={hovered} trace={traces.find((one) => one.traceId === hovered.traceId)} />
      ) : null}
    </div>
  );
}

const Dots = ({ scatter, label, hovered }: { scatter: Scatter; label: string; hovered: Dot | null }) => (
  <figure
    role="img"
    aria-label={`${label}. ${scatter.summary}`}
    className="pointer-events-none absolute"
    style={{ inset: -ROOM }}
  >
    <ScatterDrawing scatter={scatter} hovered={hovered?.traceId ?? null} height={SCATTER_DRAWN} room={ROOM} />
  </figure>
);

const Chosen = ({ area: { x, y } }: { area: Area }) => (
  <div
    aria-hidden="true"
    className="pointer-events-none absolute border border-accent bg-accent/15"
    style={{
      left: percent(Math.min(...x)),
      width: percent(Math.abs(x[1] - x[0])),
      bottom: percent(Math.min(...y)),
      height: percent(Math.abs(y[1] - y[0])),
    }}
  />
);

function Reading({ dot, trace }: { dot: Dot; trace: TraceRow | undefined }) {
  if (!trace) return null;
  return (
    <div
      aria-hidden="true"
      className={cn(
        "pointer-events-none absolute z-10 max-w-72 rounded-md border border-line-strong bg-surface px-2 py-1.5 text-xs",
        dot.x > 0.5 ? "-translate-x-full -ml-3" : "ml-3",
        dot.y > 0.5 ? "mt-2" : "-translate-y-full -mt-2",
      )}
      style={{ left: percent(dot.x), top: percent(1 - dot.y) }}
    >
      <p className="truncate font-medium">{plainText(trace.rootName)}</p>
      <p className="num text-ink-3">{formatAbsolute(new Date(trace.startAt))}</p>
      <p>
        <span className="num">{formatMs(trace.durationMs)}</span>, {plural(trace.spans, "span")}
        {trace.errors > 0 ? `, ${plural(trace.errors, "error")}` : ""}
      </p>
    </div>
  );
}
