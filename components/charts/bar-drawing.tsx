"use client";

import { useId } from "react";
import { BarChart, ReferenceArea, ReferenceLine, ResponsiveContainer, usePlotArea, XAxis, YAxis } from "recharts";
import { GridLines } from "./grid-lines.tsx";
import { type MarkerLabel, MarkerName } from "./marker-name.tsx";
import type { Bar, BarSeries, Bars } from "./prepare/bars.ts";

const FILL: Record<BarSeries["tone"], string> = {
  critical: "fill-critical",
  warning: "fill-warning/65 dark:fill-warning",
  neutral: "fill-chart-2",
  faint: "fill-chart-3",
};

/** share of a bar's width that stays free on either side */
const FREE = 0.08;

interface BarDrawingProps {
  bars: Bars;
  /** of the bars, px */
  height: number;
  /** above them for the markers' labels, px */
  labelRoom: number;
}

/** Draws prepared bars: places and heights are shares of the plot already, so both axes go from 0 to 1. */
export default function BarDrawing({ bars, height, labelRoom }: BarDrawingProps) {
  const gap = useId();
  const rows = bars.bars.map((bar) => ({ x: bar.left + bar.width / 2 }));
  return (
    <ResponsiveContainer width="100%" height={height + labelRoom}>
      <BarChart data={rows} accessibilityLayer={false} margin={{ top: labelRoom, right: 0, bottom: 0, left: 0 }}>
        <defs>
          <pattern id={gap} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="1" height="6" className="fill-chart-3" />
          </pattern>
        </defs>
        <GridLines at={bars.ticks.y.map(({ at }) => at)} />
        <XAxis
          dataKey="x"
          type="number"
          domain={[0, 1]}
          allowDataOverflow
          tick={false}
          tickLine={false}
          axisLine={{ stroke: "var(--line)" }}
          height={1}
        />
        <YAxis domain={[0, 1]} ticks={bars.ticks.y.map(({ at }) => at)} allowDataOverflow hide />
        {bars.bars
          .filter((bar) => bar.total === null)
          .map((bar) => (
            <ReferenceArea
              key={bar.t}
              x1={bar.left}
              x2={bar.left + bar.width}
              fill={`url(#${gap})`}
              fillOpacity={1}
              stroke="none"
            />
          ))}
        <Segments bars={bars.bars} />
        {bars.markers.map((marker, i) => (
          <ReferenceLine
            key={`${marker.t}-${marker.label}`}
            x={marker.at}
            stroke="var(--ink-3)"
            label={(label: MarkerLabel) => (
              <MarkerName label={label} at={marker.at} name={marker.label} next={nameOf(bars.markers[i + 1])} />
            )}
          />
        ))}
      </BarChart>
    </ResponsiveContainer>
  );
}

const nameOf = (marker: Bars["markers"][number] | undefined) => (marker ? { at: marker.at, name: marker.label } : null);

/**
 * recharts makes all bars of a time axis equally wide, where those at the ends of the range may be cut; and each of its
 * bars listens to its store, where hundreds are drawn.
 */
function Segments({ bars }: { bars: readonly Bar[] }) {
  const plot = usePlotArea();
  if (!plot) return null;
  return bars.flatMap((bar) =>
    bar.segments.map((segment) => (
      <rect
        key={`${bar.t} ${segment.key}`}
        x={plot.x + plot.width * (bar.left + bar.width * FREE)}
        width={plot.width * bar.width * (1 - 2 * FREE)}
        y={plot.y + plot.height * (1 - segment.to)}
        height={plot.height * (segment.to - segment.from)}
        className={FILL[segment.tone]}
      />
    )),
  );
}
