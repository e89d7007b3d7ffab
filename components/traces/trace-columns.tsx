"use client";

import { type Column, RowLink } from "../data-table/data-table.tsx";
import { Mark } from "../feedback/mark.tsx";
import { Time } from "../feedback/time.tsx";
import { formatCount } from "../lib/format.ts";
import { plainText } from "../logs/lines/plain-text.ts";
import type { RouterOutputs } from "../trpc/client.tsx";
import { DurationBar } from "./duration-bar.tsx";

export type TraceRow = RouterOutputs["traces"]["list"]["items"][number];

const NAMED = 3;

/** The columns; durations are drawn against the slowest trace of the list. */
export const traceColumns = (longestMs: number): Column<TraceRow>[] => [
  {
    id: "trace",
    header: "Request",
    className: "w-full max-w-0",
    csv: (trace) => plainText(trace.rootName),
    more: [
      { name: "Service", csv: (trace) => trace.rootService },
      { name: "Trace", csv: (trace) => trace.traceId },
    ],
    cell: (trace) => (
      <span className="flex min-w-0 items-baseline gap-2">
        <RowLink href={`/traces/${trace.traceId}`} className="min-w-0 shrink truncate" prefetch={false}>
          {plainText(trace.rootName) || "(no name)"}
        </RowLink>
        <span className="shrink-0 text-ink-3 text-xs max-sm:hidden">{trace.rootService}</span>
      </span>
    ),
  },
  {
    id: "started",
    header: "Started",
    hideBelow: "sm",
    csv: (trace) => trace.startAt,
    cell: (trace) => <Time at={trace.startAt} className="num whitespace-nowrap text-ink-2" />,
  },
  {
    id: "duration",
    header: "Duration",
    numeric: true,
    unit: "ms",
    csv: (trace) => trace.durationMs,
    cell: (trace) => <DurationBar ms={trace.durationMs} longestMs={longestMs} />,
  },
  {
    id: "spans",
    header: "Spans",
    numeric: true,
    hideBelow: "md",
    csv: (trace) => trace.spans,
    cell: (trace) => formatCount(trace.spans),
  },
  {
    id: "errors",
    header: "Errors",
    numeric: true,
    csv: (trace) => trace.errors,
    cell: (trace) =>
      trace.errors > 0 ? (
        <Mark tone="critical">{formatCount(trace.errors)}</Mark>
      ) : (
        <span className="text-ink-3">0</span>
      ),
  },
  {
    id: "services",
    header: "Services",
    hideBelow: "lg",
    className: "whitespace-nowrap text-ink-2",
    csv: ({ services }) => services.join(", "),
    cell: ({ services }) => (
      <span title={services.join(", ")}>
        {services.slice(0, NAMED).join(", ")}
        {services.length > NAMED ? ` +${services.length - NAMED}` : ""}
      </span>
    ),
  },
];
