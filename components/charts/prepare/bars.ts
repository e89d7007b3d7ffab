import { formatCount, formatNumber } from "../../lib/format.ts";
import { placeMarkers } from "./markers.ts";
import { timeTicks, valueTicks } from "./ticks.ts";

export interface BarSeries {
  /** key of the value in a point */
  key: string;
  label: string;
  tone: "critical" | "warning" | "neutral" | "faint";
}

export interface BarInput {
  /** from the axis upwards: what must be compared over time comes first */
  series: readonly BarSeries[];
  /** oldest first, one per step; `t` is the start of the bucket; null is a gap */
  points: readonly ({ t: string } & Record<string, number | string | null>)[];
  markers: readonly { at: string; label: string }[];
  stepSeconds: number;
  /** what is counted, as in "lines" */
  of: string;
  /** the whole of the range in ms; buckets at its ends may reach beyond */
  range: { fromMs: number; toMs: number };
}

export interface Segment {
  key: string;
  tone: BarSeries["tone"];
  /** 0…1 of the height, from the axis */
  from: number;
  to: number;
}

export interface Bar {
  t: number;
  /** 0…1 of the width */
  left: number;
  width: number;
  /** null: nothing is known of this bucket */
  total: number | null;
  segments: Segment[];
}

/** Everything the drawing needs: positions as shares of width and height, ticks, words. */
export interface Bars {
  bars: Bar[];
  rows: ({ t: number } & Record<string, number | null>)[];
  series: readonly BarSeries[];
  domain: { fromMs: number; toMs: number };
  stepMs: number;
  ticks: { x: { t: number; at: number }[]; y: { label: string; at: number }[] };
  markers: { t: number; at: number; label: string }[];
  total: number;
  of: string;
  /** false: nothing is known of the whole range, which is not the same as zero */
  known: boolean;
  /** the picture in words */
  summary: string;
}

/** What is there must be seen, however little of the whole it is; share of the height. */
const LEAST_HEIGHT = 0.018;

/** `offsetMinutes` is the viewer's zone, east positive. */
export function prepareBars(input: BarInput, offsetMinutes: number): Bars {
  const { series, points, range } = input;
  const stepMs = input.stepSeconds * 1_000;
  const span = Math.max(1, range.toMs - range.fromMs);
  const share = (t: number): number => (Math.min(Math.max(t, range.fromMs), range.toMs) - range.fromMs) / span;
  const rows = points
    .map((point) => {
      const row: { t: number } & Record<string, number | null> = { t: Date.parse(point.t) };
      for (const { key } of series) row[key] = typeof point[key] === "number" ? point[key] : null;
      return row;
    })
    .filter((row) => row.t < range.toMs && row.t + stepMs > range.fromMs);
  const totals = rows.map((row) => totalOf(row, series));
  const counted = totals.filter((total) => total !== null);
  const y = valueTicks(Math.max(0, ...counted), 4);
  const top = y.at(-1) ?? 1;
  return {
    rows,
    series,
    stepMs,
    of: input.of,
    domain: { fromMs: range.fromMs, toMs: range.toMs },
    bars: rows.map((row, i) => ({
      t: row.t,
      left: share(row.t),
      width: share(row.t + stepMs) - share(row.t),
      total: totals[i] ?? null,
      segments: stack(row, series, top),
    })),
    ticks: {
      x: timeTicks(range.fromMs, range.toMs, offsetMinutes).map((t) => ({ t, at: share(t) })),
      y: y.map((value) => ({ label: formatNumber(value), at: value / top })),
    },
    markers: placeMarkers(input.markers, range.fromMs, range.toMs).map((marker) => ({
      ...marker,
      at: share(marker.t),
    })),
    total: counted.reduce((sum, total) => sum + total, 0),
    known: counted.length > 0,
    summary: summarise(rows, series, input.of),
  };
}

function totalOf(row: Bars["rows"][number], series: readonly BarSeries[]): number | null {
  const values = series.map(({ key }) => row[key] ?? null).filter((value) => value !== null);
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) : null;
}

function stack(row: Bars["rows"][number], series: readonly BarSeries[], top: number): Segment[] {
  let from = 0;
  return series.flatMap(({ key, tone }) => {
    const value = row[key] ?? 0;
    if (value <= 0) return [];
    const to = Math.min(1, from + Math.max(LEAST_HEIGHT, value / top));
    const segment = { key, tone, from, to };
    from = to;
    return [segment];
  });
}

function summarise(rows: Bars["rows"], series: readonly BarSeries[], of: string): string {
  const sums = series.map(({ key, label }) => {
    const sum = rows.reduce((total, row) => total + (row[key] ?? 0), 0);
    return `${label} ${formatCount(sum)}`;
  });
  return `Number of ${of}: ${sums.join(", ")}`;
}
