"use client";

import { type DotItemDotProps, Line, LineChart, ReferenceLine, ResponsiveContainer, XAxis, YAxis } from "recharts";
import { GridLines } from "./grid-lines.tsx";
import { lookOf } from "./line-look.ts";
import { type MarkerLabel, MarkerName } from "./marker-name.tsx";
import { isAlone, placeIn } from "./prepare/line-places.ts";
import type { Panel } from "./prepare/panel.ts";

interface LineDrawingProps {
  panel: Panel;
  /** of the lines, px */
  height: number;
  /** above them for the markers' labels, px */
  labelRoom: number;
}

/** Draws a prepared panel: a gap stays a gap, and what stands between two gaps is a dot. */
export default function LineDrawing({ panel, height, labelRoom }: LineDrawingProps) {
  const at = placeIn(panel);
  const nameOf = (marker: Panel["markers"][number] | undefined) =>
    marker ? { at: at.x(marker.t), name: marker.label } : null;
  return (
    <ResponsiveContainer width="100%" height={height + labelRoom}>
      <LineChart data={panel.rows} accessibilityLayer={false} margin={{ top: labelRoom, right: 0, bottom: 0, left: 0 }}>
        <GridLines at={panel.ticks.y.map((tick) => at.y(tick))} />
        <XAxis dataKey="t" type="number" domain={panel.domain.x} allowDataOverflow hide />
        <YAxis domain={panel.domain.y} ticks={panel.ticks.y} allowDataOverflow hide />
        <ReferenceLine y={0} stroke="var(--line)" />
        {panel.lines.map((line) => {
          const look = lookOf(line);
          return (
            <Line
              key={line.key}
              dataKey={line.key}
              type="linear"
              stroke={look.color}
              strokeWidth={look.width}
              strokeLinejoin="round"
              strokeLinecap="round"
              {...(look.dash ? { strokeDasharray: look.dash } : {})}
              dot={hasAlone(panel.rows, line.key) ? dotOf(panel, line.key, look.color) : false}
              activeDot={false}
              isAnimationActive={false}
            />
          );
        })}
        {panel.markers.map((marker, i) => (
          <ReferenceLine
            key={`${marker.t}-${marker.label}`}
            x={marker.t}
            stroke="var(--ink-3)"
            label={(label: MarkerLabel) => (
              <MarkerName label={label} at={at.x(marker.t)} name={marker.label} next={nameOf(panel.markers[i + 1])} />
            )}
          />
        ))}
      </LineChart>
    </ResponsiveContainer>
  );
}

interface AloneProps {
  panel: Panel;
  of: string;
  color: string;
  dot: DotItemDotProps;
}

/** Asked for each point, so only of lines that have one. */
const hasAlone = (rows: Panel["rows"], key: string): boolean => rows.some((_, i) => isAlone(rows, i, key));
const dotOf = (panel: Panel, key: string, color: string) => (dot: DotItemDotProps) => (
  <Alone key={dot.index} panel={panel} of={key} color={color} dot={dot} />
);

/** A line of one point has no length: it is drawn as a dot. */
function Alone({ panel, of, color, dot: { cx, cy, index } }: AloneProps) {
  if (!isAlone(panel.rows, index, of) || cx === undefined || cy === undefined) return null;
  return <circle cx={cx} cy={cy} r={1.25} fill={color} stroke="none" />;
}
