"use client";

import { CartesianGrid, ResponsiveContainer, Scatter, ScatterChart, XAxis, YAxis } from "recharts";
import type { Dot, Scatter as Prepared } from "./prepare/scatter.ts";

interface ScatterDrawingProps {
  scatter: Prepared;
  /** id of the trace the pointer is at */
  hovered: string | null;
  /** of the dots' places, px; around it there is `room`, so that a dot at the edge is whole */
  height: number;
  room: number;
}

/** Draws prepared dots and decides nothing: a circle for what went well, a diamond for what failed. */
export default function ScatterDrawing({ scatter, hovered, height, room }: ScatterDrawingProps) {
  const ticks = scatter.ticks.y.map((tick) => tick.at);
  return (
    <ResponsiveContainer width="100%" height={height + 2 * room}>
      <ScatterChart accessibilityLayer={false} margin={{ top: room, right: room, bottom: room, left: room }}>
        <CartesianGrid vertical={false} stroke="var(--chart-grid)" />
        <XAxis dataKey="x" type="number" domain={[0, 1]} hide />
        <YAxis dataKey="y" type="number" domain={[0, 1]} ticks={ticks} hide />
        <Scatter
          data={scatter.dots}
          isAnimationActive={false}
          shape={(place: DotPlace) => <DotShape {...place} hovered={hovered} />}
        />
      </ScatterChart>
    </ResponsiveContainer>
  );
}

interface DotPlace {
  cx?: number | undefined;
  cy?: number | undefined;
  payload?: Dot | undefined;
}

function DotShape({ cx, cy, payload, hovered }: DotPlace & { hovered: string | null }) {
  if (cx === undefined || cy === undefined || !payload) return null;
  return (
    <g transform={`translate(${cx} ${cy})`}>
      {payload.failed ? (
        <path d="M0-5 5 0 0 5-5 0Z" className="fill-critical" />
      ) : (
        <circle r="3.5" className="fill-accent/55 stroke-accent" strokeWidth="0.75" />
      )}
      {hovered === payload.traceId ? <circle r="8" className="fill-none stroke-ink" /> : null}
    </g>
  );
}
