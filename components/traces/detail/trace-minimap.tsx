import { useMemo } from "react";
import type { SpanView } from "#server/agent/traces/schema.ts";
import { cn } from "../../lib/cn.ts";
import { barOf } from "../prepare/waterfall-rows.ts";

const WIDTH = 1_000;
const LINES = 48;

/** The whole trace at one glance: every span where it stands in time and in the list; the chosen one is framed. */
export function TraceMinimap({
  spans,
  traceMs,
  chosen,
}: {
  spans: readonly SpanView[];
  traceMs: number;
  chosen: number;
}) {
  const paths = useMemo(() => pathsOf(spans, traceMs), [spans, traceMs]);
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${WIDTH} ${LINES}`}
      preserveAspectRatio="none"
      className="h-12 w-full bg-sunken"
      fill="none"
    >
      {(["other", "critical", "failed"] as const).map((kind) => (
        <path
          key={kind}
          d={paths[kind]}
          vectorEffect="non-scaling-stroke"
          className={cn(kind === "other" ? "stroke-chart-3" : kind === "critical" ? "stroke-ink-2" : "stroke-critical")}
          strokeWidth={kind === "failed" ? 2.5 : 1.5}
        />
      ))}
      {chosen >= 0 ? (
        <path
          d={`M0 ${lineOf(chosen, spans.length)}H${WIDTH}`}
          vectorEffect="non-scaling-stroke"
          className="stroke-accent"
          strokeWidth="1"
        />
      ) : null}
    </svg>
  );
}

const lineOf = (index: number, count: number): number => ((index + 0.5) / Math.max(1, count)) * LINES;

function pathsOf(spans: readonly SpanView[], traceMs: number) {
  const paths = { other: "", critical: "", failed: "" };
  for (const [index, span] of spans.entries()) {
    const { left, width } = barOf(span, traceMs);
    const kind = span.status === "error" ? "failed" : span.onCriticalPath ? "critical" : "other";
    paths[kind] +=
      `M${(left * WIDTH).toFixed(1)} ${lineOf(index, spans.length).toFixed(2)}h${(width * WIDTH).toFixed(1)}`;
  }
  return paths;
}
