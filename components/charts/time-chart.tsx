"use client";

import {
  CartesianGrid,
  Line,
  LineChart,
  ReferenceDot,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from "recharts";
import { formatAbsolute, formatClock } from "../lib/format.ts";
import type { Panel } from "./prepare/panel.ts";

const STROKE = {
  main: { stroke: "var(--accent)", strokeWidth: 1.75 },
  second: { stroke: "var(--chart-2)", strokeWidth: 1.25 },
  third: { stroke: "var(--chart-3)", strokeWidth: 1.25 },
} as const;

/** a longer range has dates on its axis, a shorter one clock times */
const DAYS_FROM_MS = 36 * 3_600_000;
const TICK = { fill: "var(--ink-3)", fontSize: 12 } as const;

/** Draws a prepared panel and decides nothing. Panels with the same `cursor` share the cursor. */
export default function TimeChart({ panel, cursor, height }: { panel: Panel; cursor: string; height: number }) {
  const days = panel.domain.x[1] - panel.domain.x[0] > DAYS_FROM_MS;
  return (
    <ResponsiveContainer width="100%" height={height}>
      <LineChart
        data={panel.rows}
        syncId={cursor}
        syncMethod="value"
        accessibilityLayer={false}
        margin={{ top: 18, right: 12, bottom: 0, left: 0 }}
      >
        <CartesianGrid vertical={false} stroke="var(--chart-grid)" />
        <XAxis
          dataKey="t"
          type="number"
          domain={panel.domain.x}
          ticks={panel.ticks.x}
          tickFormatter={(t: number) => (days ? formatAbsolute(new Date(t)).slice(5, 10) : formatClock(new Date(t)))}
          tick={TICK}
          tickLine={false}
          axisLine={{ stroke: "var(--line)" }}
          height={24}
        />
        <YAxis
          domain={panel.domain.y}
          ticks={panel.ticks.y}
          tickFormatter={panel.formatTick}
          tick={TICK}
          tickLine={false}
          axisLine={false}
          width={46}
        />
        {panel.markers.map((marker) => (
          <ReferenceLine
            key={`${marker.t}-${marker.label}`}
            x={marker.t}
            stroke="var(--ink-3)"
            strokeWidth={1}
            label={{ value: marker.label, position: "top", fill: "var(--ink-2)", fontSize: 12 }}
          />
        ))}
        <Tooltip
          content={(props) => <Reading {...props} panel={panel} />}
          cursor={{ stroke: "var(--line-strong)" }}
          isAnimationActive={false}
        />
        {panel.lines.map((line) => (
          <Line
            key={line.key}
            dataKey={line.key}
            name={line.label}
            {...STROKE[line.weight]}
            dot={false}
            activeDot={{ r: 3, strokeWidth: 0 }}
            connectNulls={false}
            isAnimationActive={false}
          />
        ))}
        {panel.lone.map((point) => (
          <ReferenceDot
            key={`${point.key}-${point.t}`}
            x={point.t}
            y={point.value}
            r={1.75}
            fill={STROKE[point.weight].stroke}
            stroke="none"
          />
        ))}
      </LineChart>
    </ResponsiveContainer>
  );
}

function Reading({ active, label, payload, panel }: TooltipContentProps & { panel: Panel }) {
  if (!active || typeof label !== "number") return null;
  return (
    <div className="rounded-md border border-line-strong bg-surface px-2 py-1.5 text-xs">
      <p className="num mb-1 text-ink-3">{formatAbsolute(new Date(label))}</p>
      {payload.map((entry) => (
        <p key={String(entry.dataKey)} className="flex justify-between gap-4">
          <span className="text-ink-2">{entry.name}</span>
          <span className="num">{panel.formatValue(typeof entry.value === "number" ? entry.value : null)}</span>
        </p>
      ))}
    </div>
  );
}
