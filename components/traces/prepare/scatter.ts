import { timeTicks } from "../../charts/prepare/ticks.ts";
import { formatMs } from "../../lib/format.ts";

interface Trace {
  traceId: string;
  startAt: string;
  durationMs: number;
  errors: number;
}

export interface Dot {
  traceId: string;
  /** 0…1 of the width */
  x: number;
  /** 0…1 of the height, from below */
  y: number;
  failed: boolean;
}

/** Traces as dots: time to the right, duration upwards on a scale of equal ratios. */
export interface Scatter {
  /** what failed is last, so that it is drawn over the rest */
  dots: Dot[];
  domain: { fromMs: number; toMs: number; lowMs: number; highMs: number };
  ticks: { x: { t: number; at: number }[]; y: { label: string; at: number }[] };
  /** the picture in words */
  summary: string;
}

/** a duration of zero has no place on a scale of ratios */
const LEAST_MS = 0.01;
const NICE = [1, 2, 5, 10];
const MOST_TICKS = 5;

/** The next 1, 2 or 5 times a power of ten, downwards or upwards. */
function nice(ms: number, direction: "down" | "up"): number {
  const power = 10 ** Math.floor(Math.log10(ms));
  const steps = NICE.map((step) => step * power);
  const close = ms * 1e-9;
  const found =
    direction === "down" ? steps.findLast((step) => step <= ms + close) : steps.find((step) => step >= ms - close);
  return Number((found ?? ms).toPrecision(3));
}

const durationOf = (trace: Trace): number => Math.max(LEAST_MS, trace.durationMs);

/** `offsetMinutes` is the viewer's zone, east positive. */
export function prepareScatter(
  traces: readonly Trace[],
  range: { fromMs: number; toMs: number },
  offsetMinutes: number,
): Scatter {
  const durations = traces.map(durationOf);
  const low = nice(Math.min(...(durations.length > 0 ? durations : [1])), "down");
  const high = Math.max(nice(Math.max(...(durations.length > 0 ? durations : [1_000])), "up"), low * 2);
  const domain = { ...range, lowMs: low, highMs: high };
  const x = (t: number) => Math.min(1, Math.max(0, (t - range.fromMs) / Math.max(1, range.toMs - range.fromMs)));
  return {
    domain,
    dots: traces
      .map((trace) => ({
        traceId: trace.traceId,
        x: x(Date.parse(trace.startAt)),
        y: shareOf(durationOf(trace), domain),
        failed: trace.errors > 0,
      }))
      .sort((a, b) => Number(a.failed) - Number(b.failed)),
    ticks: {
      x: timeTicks(range.fromMs, range.toMs, offsetMinutes).map((t) => ({ t, at: x(t) })),
      y: durationTicks(low, high).map((ms) => ({ label: formatMs(ms), at: shareOf(ms, domain) })),
    },
    summary: summarise(traces),
  };
}

const shareOf = (ms: number, { lowMs, highMs }: Pick<Scatter["domain"], "lowMs" | "highMs">): number =>
  Math.log(ms / lowMs) / Math.log(highMs / lowMs);

/** Powers of ten, with 2 and 5 between them as long as they are few. */
function durationTicks(low: number, high: number): number[] {
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const step of [1, 2, 5]) all.push(Number((step * 10 ** power).toPrecision(3)));
  const inside = all.filter((ms) => ms >= low * 0.999 && ms <= high * 1.001);
  if (inside.length <= MOST_TICKS) return inside;
  const tens = inside.filter((ms) => Number.isInteger(Math.round(Math.log10(ms) * 1e6) / 1e6));
  const every = Math.ceil(tens.length / MOST_TICKS);
  return tens.length >= 2 ? tens.filter((_, i) => i % every === 0) : inside.filter((_, i) => i % 2 === 0);
}

function summarise(traces: readonly Trace[]): string {
  if (traces.length === 0) return "No traces";
  const durations = traces.map((trace) => trace.durationMs);
  const failed = traces.filter(({ errors }) => errors > 0).length;
  return `${traces.length} traces from ${formatMs(Math.min(...durations))} to ${formatMs(Math.max(...durations))}, ${failed} with errors`;
}

/** A rectangle, all as shares of width and height; y from below. */
export interface Area {
  x: [number, number];
  y: [number, number];
}

/** What a rectangle asks to see: times to whole seconds, durations rounded outwards to two digits. */
export function zoomOfArea(area: Area, { fromMs, toMs, lowMs, highMs }: Scatter["domain"]) {
  const ordered = ([a, b]: [number, number]): [number, number] => (a <= b ? [a, b] : [b, a]);
  const [left, right] = ordered(area.x);
  const [bottom, top] = ordered(area.y);
  const time = (share: number) => fromMs + share * (toMs - fromMs);
  const duration = (share: number) => lowMs * (highMs / lowMs) ** share;
  const from = Math.floor(time(left) / 1_000) * 1_000;
  return {
    from: new Date(from),
    to: new Date(Math.max(from + 1_000, Math.ceil(time(right) / 1_000) * 1_000)),
    min: bottom <= 0.01 ? null : roundTo(duration(bottom), "down"),
    max: top >= 0.99 ? null : roundTo(duration(top), "up"),
  };
}

function roundTo(ms: number, direction: "down" | "up"): number {
  const unit = 10 ** (Math.floor(Math.log10(ms)) - 1);
  const count = direction === "down" ? Math.floor(ms / unit) : Math.ceil(ms / unit);
  return Number((count * unit).toPrecision(2));
}

/** The dot next to a place, within `reach` px; null when there is none. */
export function dotAt(
  dots: readonly Dot[],
  place: { x: number; y: number },
  size: { width: number; height: number },
  reach = 14,
): Dot | null {
  let nearest: { dot: Dot; away: number } | null = null;
  for (const dot of dots) {
    const away = Math.hypot((dot.x - place.x) * size.width, (dot.y - place.y) * size.height);
    if (away <= reach && (!nearest || away < nearest.away)) nearest = { dot, away };
  }
  return nearest?.dot ?? null;
}
