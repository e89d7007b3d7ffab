const STEPS_MS = [
  1, 5, 10, 15, 30, 60, 90, 120, 180, 300, 600, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
].map((seconds) => seconds * 1_000);
/** each part is a read of its own */
const MOST = 25;

export interface Slice {
  fromMs: number;
  toMs: number;
}

/** Length of the parts of a window, ms. */
export function sliceMs({ from, to }: { from: Date; to: Date }): number {
  const length = to.getTime() - from.getTime();
  return STEPS_MS.find((size) => length / size <= MOST - 1) ?? Math.ceil(length / (MOST - 1));
}

/**
 * A window cut at round times into at most 25 parts, so that a sample can be taken from each. As the window moves on
 * its inner parts stay the same, and need not be read again.
 */
export function slicesOf({ from, to }: { from: Date; to: Date }): Slice[] {
  const [fromMs, toMs] = [from.getTime(), to.getTime()];
  const step = sliceMs({ from, to });
  const slices: Slice[] = [];
  for (let start = Math.floor(fromMs / step) * step; start < toMs; start += step)
    slices.push({ fromMs: Math.max(fromMs, start), toMs: Math.min(toMs, start + step) });
  return slices.filter((slice) => slice.toMs > slice.fromMs);
}
