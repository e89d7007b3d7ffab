/** Round steps for an axis that starts at zero: 1, 2, 2.5 or 5 times a power of ten. */
const STEPS = [1, 2, 2.5, 5, 10];

/**
 * At most five ticks from 0 to a round number at or above `top`. With nothing to show the axis still has a scale:
 * `floor` is the least top, so that noise near zero is not blown up to the full height.
 */
export function valueTicks(top: number, floor = 1): number[] {
  const reach = Math.max(top, floor);
  const raw = reach / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = (STEPS.find((size) => size * power >= raw * 0.999_999) ?? 10) * power;
  const count = Math.ceil(reach / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

/** Ticks that also reach below zero, when there is something. */
export function spanTicks(bottom: number, top: number): number[] {
  if (bottom >= 0) return valueTicks(top, 0);
  const above = valueTicks(Math.max(top, -bottom), 0);
  const step = (above[1] ?? 1) * 2;
  const ticks: number[] = [];
  for (let tick = Math.floor(bottom / step); tick <= Math.max(0, Math.ceil(top / step)); tick++)
    ticks.push(Number((tick * step).toPrecision(6)));
  return ticks;
}

const MINUTE = 60_000;
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080, 30_240].map(
  (minutes) => minutes * MINUTE,
);

/** At most five round clock times inside of a range; `offsetMinutes` is the zone's, east positive. Times in ms. */
export function timeTicks(from: number, to: number, offsetMinutes: number): number[] {
  const step = TIME_STEPS.find((size) => (to - from) / size <= 5) ?? 30_240 * MINUTE;
  const shift = offsetMinutes * MINUTE;
  const ticks: number[] = [];
  for (let t = Math.ceil((from + shift) / step) * step - shift; t <= to; t += step) ticks.push(t);
  return ticks.slice(0, 5);
}
