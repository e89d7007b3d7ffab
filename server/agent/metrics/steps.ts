import { AppError } from "../kernel/errors.ts";
import type { TimeWindow } from "../ports/source.ts";

/** Windows cut into equal steps that begin at round times, so that two readers of a window see the same figures. */

export interface Grid {
  startMs: number;
  stepSeconds: number;
  steps: number;
}

const ROUND_SECONDS = [
  ...[1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400],
];
/** more points than a screen has pixels help nobody */
const MOST_STEPS = 2_000;

/** The shortest round step with which a window has at most so many points. */
export const stepFor = ({ from, to }: TimeWindow, points: number, least: number): number => {
  const seconds = (to.getTime() - from.getTime()) / 1_000;
  return ROUND_SECONDS.find((step) => step >= least && seconds / step <= points) ?? 86_400;
};

/**
 * The least round step that is not shorter than the samples' distance: shorter ones would hold no sample of their own.
 * What arrives a little late every time is not farther apart for that.
 * @param sampleSeconds null: not known
 */
export const leastStep = (least: number, sampleSeconds: number | null): number =>
  sampleSeconds === null || sampleSeconds * EXACT <= least
    ? least
    : (ROUND_SECONDS.find((step) => step >= sampleSeconds * EXACT) ?? 86_400);
const EXACT = 0.95;

/**
 * The steps that a window touches; one that has not ended yet is left out, as its figures would be too low.
 * @throws INVALID for more than 2,000 steps
 */
export function gridOf({ from, to }: TimeWindow, stepSeconds: number, now: Date): Grid {
  const stepMs = stepSeconds * 1_000;
  const startMs = Math.floor(from.getTime() / stepMs) * stepMs;
  const endMs = Math.min(Math.ceil(to.getTime() / stepMs), Math.floor(now.getTime() / stepMs)) * stepMs;
  const steps = Math.max(0, Math.round((endMs - startMs) / stepMs));
  if (steps <= MOST_STEPS) return { startMs, stepSeconds, steps };
  throw new AppError(
    "INVALID",
    `${steps} steps of ${stepSeconds} s are more than ${MOST_STEPS}. Choose a longer stepSeconds or a narrower window.`,
  );
}

/** Until when an answer tells all that was asked for, and why not longer; null when it tells all. */
export function partialOf(grid: Grid, { to }: TimeWindow): { until: string; why: string } | null {
  const until = windowOfGrid(grid).to;
  if (until >= to) return null;
  return {
    until: until.toISOString(),
    why: `the step of ${grid.stepSeconds} s that has not ended yet is left out: its figures would be too low`,
  };
}

export const windowOfGrid = ({ startMs, stepSeconds, steps }: Grid): TimeWindow => ({
  from: new Date(startMs),
  to: new Date(startMs + steps * stepSeconds * 1_000),
});

/** The equal grid that ends where this one begins. */
export const gridBefore = (grid: Grid): Grid => ({
  ...grid,
  startMs: grid.startMs - grid.steps * grid.stepSeconds * 1_000,
});
