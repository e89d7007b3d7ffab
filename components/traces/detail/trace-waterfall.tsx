"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { percent } from "../../charts/axes.tsx";
import { useWide } from "../../lib/wide.ts";
import { traceTicks } from "../prepare/waterfall-rows.ts";
import { SpanLine, type SpanLook } from "./span-line.tsx";
import type { WaterfallState } from "./use-waterfall.ts";

/** fewer rows are all in the page, so that the browser finds text in them */
const VIRTUAL_FROM = 200;
const ROW = { wide: 28, narrow: 44 };

interface TraceWaterfallProps {
  state: WaterfallState;
  look: Omit<SpanLook, "wide">;
  onOpen: () => void;
}

/** The spans as a tree on one time axis. Arrow keys move, open and close; Enter shows the details. */
export function TraceWaterfall({ state, look, onOpen }: TraceWaterfallProps) {
  const { rows, at, choose, toggle } = state;
  const wide = useWide(768);
  const box = useRef<HTMLDivElement>(null);
  const height = wide ? ROW.wide : ROW.narrow;
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: rows.length > VIRTUAL_FROM ? 12 : VIRTUAL_FROM,
    initialRect: { width: 0, height: 600 },
    getItemKey: (index) => rows[index]?.span.spanId ?? index,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows are measured anew when the layout changes
  useEffect(() => virtualizer.measure(), [height]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when another span is chosen
  useEffect(() => {
    if (at >= 0) virtualizer.scrollToIndex(at, { align: "auto" });
  }, [at]);
  const chosen = rows[at]?.span.spanId;
  return (
    <div>
      <Axis traceMs={look.traceMs} wide={wide} />
      <div
        ref={box}
        role="tree"
        tabIndex={0}
        aria-label="Spans of the trace"
        {...(chosen ? { "aria-activedescendant": idOf(chosen) } : {})}
        onKeyDown={(event) => {
          if (event.key === "Enter" && at >= 0) onOpen();
          else state.onKeyDown(event);
        }}
        className="relative max-h-[70dvh] overflow-y-auto overflow-x-hidden"
      >
        <div role="presentation" className="relative" style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start, key }) => {
            const row = rows[index];
            return row ? (
              <div
                key={key}
                role="presentation"
                className="absolute inset-x-0 top-0"
                style={{ transform: `translateY(${start}px)`, height }}
              >
                <SpanLine
                  id={idOf(row.span.spanId)}
                  row={row}
                  look={{ ...look, wide }}
                  chosen={index === at}
                  onChoose={() => {
                    choose(row.span.spanId);
                    if (!wide) onOpen();
                  }}
                  onToggle={() => toggle(row.span.spanId)}
                />
              </div>
            ) : null;
          })}
        </div>
      </div>
    </div>
  );
}

const idOf = (spanId: string): string => `span-${spanId}`;

const Axis = ({ traceMs, wide }: { traceMs: number; wide: boolean }) => (
  <div
    aria-hidden="true"
    className={wide ? "grid grid-cols-[minmax(14rem,38%)_minmax(0,1fr)] border-b" : "border-b px-2"}
  >
    {wide ? <span className="border-r px-3 py-1 text-ink-3 text-xs">service and span</span> : null}
    <div className="relative mr-16 h-6 text-ink-3 text-xs">
      {traceTicks(traceMs).map((tick) => (
        <span
          key={tick.label}
          className="num absolute top-1 border-line border-l pl-1"
          style={{ left: percent(tick.at) }}
        >
          {tick.label}
        </span>
      ))}
    </div>
  </div>
);
