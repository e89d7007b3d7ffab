"use client";

import { usePlotArea } from "recharts";

/** Where recharts wants the label of a reference line. */
export interface MarkerLabel {
  viewBox?: { x?: number; y?: number };
}

interface MarkerNameProps {
  label: MarkerLabel;
  /** share of the width */
  at: number;
  name: string;
  /** the marker to its right, whose name it must not cover */
  next: { at: number; name: string } | null;
}

/** of a character, px */
const CHARACTER = 6.6;

/** The name of a marker above its thin vertical: at the ends it stays inside, and without room it gives way. */
export function MarkerName({ label: { viewBox }, at, name, next }: MarkerNameProps) {
  const plot = usePlotArea();
  if (next && plot && (next.at - at) * plot.width < ((name.length + next.name.length + 2) / 2) * CHARACTER) return null;
  return (
    <text
      x={viewBox?.x ?? 0}
      y={(viewBox?.y ?? 0) - 7}
      textAnchor={at > 0.92 ? "end" : at < 0.05 ? "start" : "middle"}
      className="fill-ink-2 text-xs"
    >
      {name}
    </text>
  );
}
