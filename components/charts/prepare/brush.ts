/** A part of the width, both ends 0…1, in the order in which they were set. */
export interface Span {
  from: number;
  to: number;
}

/** less of the width than this was a click, not a drag */
const LEAST_DRAG = 0.004;

/** 0…1 of a width for a pointer's place. */
export const fractionAt = (x: number, left: number, width: number): number =>
  width <= 0 ? 0 : Math.min(1, Math.max(0, (x - left) / width));

/**
 * What a drag asks to see, in ms: both ends moved outwards to the buckets' edges (multiples of `stepMs`), within the
 * domain. Null when nothing was dragged, or when it would show what is shown already.
 */
export function zoomOf(
  span: Span,
  domain: { fromMs: number; toMs: number },
  stepMs: number,
): { fromMs: number; toMs: number } | null {
  const [start, end] = [Math.min(span.from, span.to), Math.max(span.from, span.to)];
  if (end - start < LEAST_DRAG) return null;
  const length = domain.toMs - domain.fromMs;
  const fromMs = Math.max(domain.fromMs, Math.floor((domain.fromMs + start * length) / stepMs) * stepMs);
  const toMs = Math.min(domain.toMs, Math.ceil((domain.fromMs + end * length) / stepMs) * stepMs);
  return toMs > fromMs && toMs - fromMs < length ? { fromMs, toMs } : null;
}
