import type { TimeRange } from "./range.ts";

/** Twice as much around the same middle; it never ends after `nowMs`, but begins earlier instead. */
export function zoomedOut(fromMs: number, toMs: number, nowMs: number): TimeRange {
  const length = (toMs - fromMs) * 2;
  const end = Math.min(nowMs, toMs + length / 4);
  return { from: { kind: "at", ms: end - length }, to: { kind: "at", ms: end } };
}
