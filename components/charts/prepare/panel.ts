import { formatNumber, MISSING } from "../../lib/format.ts";
import { placeMarkers } from "./markers.ts";
import { spanTicks, timeTicks } from "./ticks.ts";
import { formatIn, leastTop, scaleOf, type Unit } from "./units.ts";

export interface Line {
  /** key of the value in a point */
  key: string;
  label: string;
  /** the one that answers the question is `main`; the others give it context, `before` is the window before */
  weight: "main" | "second" | "third" | "before";
  /** one of many alike: 0, 1, 2 … tell them apart by colour and dash instead of by weight */
  series?: number;
}

export interface PanelInput {
  unit: Unit;
  /** for plain numbers: what is counted */
  unitWord?: string;
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
  stepMs: number;
  domain: { x: [number, number]; y: [number, number] };
  ticks: { x: number[]; y: number[] };
  markers: { t: number; label: string }[];
  /** the axis' unit, said once */
  axisUnit: string;
  formatTick: (value: number) => string;
  formatValue: (value: number | null | undefined) => string;
  /** false: nothing was counted in the whole range, which is not the same as zero */
  known: boolean;
  /** the picture in words */
  summary: string;
}

/** so many lines are read out; more are in the table */
const SPOKEN = 6;

const number = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** `offsetMinutes` is the viewer's zone, east positive. */
export function preparePanel(input: PanelInput, offsetMinutes: number): Panel {
  const { lines, points, unit } = input;
  const rows = points.map((point) => {
    const row: { t: number } & Record<string, number | null> = { t: Date.parse(point.t) };
    for (const line of lines) row[line.key] = number(point[line.key]);
    return row;
  });
  const [bottom, highest] = reachOf(rows, lines);
  const top = leastTop(unit, highest);
  const scale = scaleOf(unit, top, input.unitWord);
  const y = spanTicks(bottom / scale.size, top / scale.size).map((tick) => tick * scale.size);
  const from = rows[0]?.t ?? 0;
  const stepMs = input.stepSeconds * 1_000;
  const to = (rows.at(-1)?.t ?? 0) + stepMs;
  return {
    rows,
    lines,
    stepMs,
    domain: { x: [from, to], y: [y[0] ?? 0, y.at(-1) ?? 1] },
    ticks: { x: timeTicks(from, to, offsetMinutes), y },
    markers: placeMarkers(input.markers, from, to),
    axisUnit: scale.word,
    formatTick: (value) => formatNumber(value / scale.size),
    formatValue: formatIn[unit],
    known: rows.some((row) => lines.some(({ key }) => row[key] !== null)),
    summary: summarise(rows, lines, formatIn[unit]),
  };
}

/** From the lowest value, or zero, to the highest, or zero. */
function reachOf(rows: Panel["rows"], lines: readonly Line[]): [number, number] {
  let [low, high] = [0, 0];
  for (const row of rows)
    for (const { key } of lines) {
      low = Math.min(low, row[key] ?? 0);
      high = Math.max(high, row[key] ?? 0);
    }
  return [low, high];
}

function summarise(rows: Panel["rows"], lines: readonly Line[], format: Panel["formatValue"]): string {
  const parts = lines.slice(0, SPOKEN).map((line) => {
    const values = rows.map((row) => row[line.key] ?? null).filter((value) => value !== null);
    if (values.length === 0) return `${line.label}: ${MISSING}`;
    return `${line.label}: latest ${format(values.at(-1))}, highest ${format(Math.max(...values))}`;
  });
  return parts.join("; ");
}
