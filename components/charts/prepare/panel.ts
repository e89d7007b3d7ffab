import { formatMs, formatNumber, formatPercent, formatRate, MISSING } from "../../lib/format.ts";
import { placeMarkers } from "./markers.ts";
import { timeTicks, valueTicks } from "./ticks.ts";

export type Unit = "per-second" | "percent" | "ms";

export interface Line {
  /** key of the value in a point */
  key: string;
  label: string;
  /** the one that answers the question is `main`; the others give it context */
  weight: "main" | "second" | "third";
}

export interface PanelInput {
  unit: Unit;
  lines: readonly Line[];
  /** oldest first; `t` is the start of the bucket; null is a gap */
  points: readonly ({ t: string } & Record<string, number | string | null>)[];
  markers: readonly { at: string; label: string }[];
  /** seconds a bucket is long */
  stepSeconds: number;
}

/** Everything the drawing needs, decided here: scale, ticks, words. */
export interface Panel {
  rows: ({ t: number } & Record<string, number | null>)[];
  lines: readonly Line[];
  domain: { x: [number, number]; y: [number, number] };
  ticks: { x: number[]; y: number[] };
  markers: { t: number; label: string }[];
  /** points between two gaps, which a line alone would not show */
  lone: { key: string; weight: Line["weight"]; t: number; value: number }[];
  /** the axis' unit, said once */
  axisUnit: string;
  formatTick: (value: number) => string;
  formatValue: (value: number | null | undefined) => string;
  /** false: nothing was counted in the whole range, which is not the same as zero */
  known: boolean;
  /** the picture in words */
  summary: string;
}

/** The least top of each axis: below it, differences are noise. */
const FLOOR: Record<Unit, number> = { "per-second": 1, percent: 1, ms: 10 };

export const formatIn: Record<Unit, (value: number | null | undefined) => string> = {
  "per-second": formatRate,
  percent: formatPercent,
  ms: formatMs,
};

const number = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** `offsetMinutes` is the viewer's zone, east positive. */
export function preparePanel(input: PanelInput, offsetMinutes: number): Panel {
  const { lines, points, unit } = input;
  const rows = points.map((point) => {
    const row: { t: number } & Record<string, number | null> = { t: Date.parse(point.t) };
    for (const line of lines) row[line.key] = number(point[line.key]);
    return row;
  });
  const values = rows.flatMap((row) => lines.map((line) => row[line.key] ?? null)).filter((value) => value !== null);
  const y = valueTicks(Math.max(0, ...values), FLOOR[unit]);
  const top = y.at(-1) ?? 1;
  const from = rows[0]?.t ?? 0;
  const to = (rows.at(-1)?.t ?? 0) + input.stepSeconds * 1_000;
  const seconds = unit === "ms" && top >= 2_000;
  return {
    rows,
    lines,
    domain: { x: [from, to], y: [0, top] },
    ticks: { x: timeTicks(from, to, offsetMinutes), y },
    markers: placeMarkers(input.markers, from, to),
    lone: lines.flatMap((line) => lonePoints(rows, line)),
    axisUnit: unit === "ms" ? (seconds ? "s" : "ms") : unit === "percent" ? "%" : "per second",
    formatTick: (value) => formatNumber(seconds ? value / 1_000 : value),
    formatValue: formatIn[unit],
    known: values.length > 0,
    summary: summarise(rows, lines, formatIn[unit]),
  };
}

function lonePoints(rows: Panel["rows"], { key, weight }: Line): Panel["lone"] {
  const at = (i: number) => rows[i]?.[key] ?? null;
  return rows.flatMap((row, i) => {
    const value = at(i);
    return value !== null && at(i - 1) === null && at(i + 1) === null ? [{ key, weight, t: row.t, value }] : [];
  });
}

function summarise(rows: Panel["rows"], lines: readonly Line[], format: Panel["formatValue"]): string {
  const parts = lines.map((line) => {
    const values = rows.map((row) => row[line.key] ?? null).filter((value) => value !== null);
    if (values.length === 0) return `${line.label}: ${MISSING}`;
    return `${line.label}: latest ${format(values.at(-1))}, highest ${format(Math.max(...values))}`;
  });
  return parts.join("; ");
}
