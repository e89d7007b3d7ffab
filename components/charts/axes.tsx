"use client";

import { useHydrated } from "../feedback/time.tsx";
import { cn } from "../lib/cn.ts";
import { formatAbsolute, formatClock } from "../lib/format.ts";
import type { Span } from "./prepare/brush.ts";

/** a longer range has dates on its axis, a shorter one clock times */
const DAYS_FROM_MS = 36 * 3_600_000;

/** A share of a width or height, for CSS and SVG. */
export const percent = (share: number): string => `${(share * 100).toFixed(3)}%`;

/** Left of a drawing; `at` is the share of the height, from below. */
export const ValueAxis = ({ ticks }: { ticks: readonly { label: string; at: number }[] }) => (
  <div aria-hidden="true" className="relative text-ink-3 text-xs">
    {ticks.map((tick) => (
      <span key={tick.at} className="num absolute right-1.5 -translate-y-1/2" style={{ top: percent(1 - tick.at) }}>
        {tick.label}
      </span>
    ))}
  </div>
);

/** Below a drawing; `at` is the share of the width. */
export function TimeAxis({ ticks, lengthMs }: { ticks: readonly { t: number; at: number }[]; lengthMs: number }) {
  const hydrated = useHydrated();
  const days = lengthMs > DAYS_FROM_MS;
  return (
    <div aria-hidden="true" className="relative h-6 text-ink-3 text-xs">
      {hydrated
        ? ticks.map((tick) => (
            <span
              key={tick.t}
              title={formatAbsolute(new Date(tick.t))}
              className={cn("num absolute top-1.5", tick.at > 0.96 ? "-translate-x-full" : "-translate-x-1/2")}
              style={{ left: percent(tick.at) }}
            >
              {days ? formatAbsolute(new Date(tick.t)).slice(5, 10) : formatClock(new Date(tick.t))}
            </span>
          ))
        : null}
    </div>
  );
}

/** What a drag or the keyboard has chosen. */
export const Selected = ({ span }: { span: Span }) => (
  <div
    aria-hidden="true"
    className="pointer-events-none absolute inset-y-0 border-accent border-x bg-accent/15"
    style={{ left: percent(Math.min(span.from, span.to)), width: percent(Math.abs(span.to - span.from)) }}
  />
);
