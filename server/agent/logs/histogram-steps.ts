import type { TimeWindow } from "../ports/source.ts";

/** Windows of lines cut into equal steps. */

const ROUND_SECONDS = [
  ...[1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_200, 1_800],
  ...[3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800],
];

/** The shortest round step, in seconds, with which a window has at most so many. */
export function stepFor({ from, to }: TimeWindow, steps: number, leastSeconds = 1): number {
  const seconds = (to.getTime() - from.getTime()) / 1_000;
  return ROUND_SECONDS.find((step) => step >= leastSeconds && seconds / step <= steps) ?? 604_800;
}
