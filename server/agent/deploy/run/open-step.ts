import type { TrafficCounts } from "../../ports/traffic.ts";
import { trafficSeries } from "../../traffic/index.ts";

type Point = ReturnType<typeof trafficSeries>[number];

/**
 * The points of [from, to), and after them the step in progress: its rate is that of the seconds which are counted, so
 * that a canary shows after its first seconds and the line does not dip at its end. Pure; times in milliseconds.
 */
export function seriesWithOpenStep(
  rows: readonly TrafficCounts[],
  { from, countedUntil, stepSeconds }: { from: number; countedUntil: number; stepSeconds: number },
): Point[] {
  const stepMs = stepSeconds * 1_000;
  const open = Math.ceil(countedUntil / stepMs) * stepMs - stepMs;
  const points = trafficSeries(rows, { from: new Date(from), to: new Date(open + stepMs), stepSeconds });
  const covered = (countedUntil - open) / stepMs;
  return points.map((point) =>
    Date.parse(point.t) === open && point.requestsPerSecond !== null
      ? { ...point, requestsPerSecond: point.requestsPerSecond / covered }
      : point,
  );
}
