"use client";

import type { SenderView } from "#server/agent/ingest/schema.ts";
import { Sparkline } from "../charts/sparkline.tsx";
import type { Column } from "../data-table/data-table.tsx";
import { Time } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";

import { formatBytes, formatNumber, formatRateOver, MISSING } from "../lib/format.ts";
import { finishedSteps, protocolWords, recordCount } from "./ingest-words.ts";

/** Who sends what, and how much of it. */
export const senderColumns: Column<SenderView>[] = [
  {
    id: "signal",
    header: "Signal",
    sort: (sender) => sender.signal,
    cell: (sender) => sender.signal,
  },
  {
    id: "sender",
    header: "Sender",
    fixed: true,
    className: "w-full max-w-0 min-w-32",
    sort: (sender) => sender.name,
    more: [{ name: "Protocol", csv: (sender) => sender.protocol }],
    cell: (sender) => (
      <span className="flex min-w-0 flex-col sm:flex-row sm:items-baseline sm:gap-2">
        <span className="truncate font-medium">
          <VisibleText text={sender.name} />
        </span>
        <span className="truncate text-ink-3 text-xs">{protocolWords(sender.protocol)}</span>
      </span>
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
        {services.slice(0, 3).join(", ") || MISSING}
        {services.length > 3 ? ` +${services.length - 3}` : ""}
      </span>
    ),
  },
  {
    id: "rate",
    header: "Rate",
    numeric: true,
    unit: "records per second",
    sort: (sender) => sender.perSecond,
    cell: (sender) => formatRateOver(sender.perSecond, sender.overSeconds),
  },
  {
    id: "trend",
    header: "Trend",
    hideBelow: "md",
    cell: (sender) => (
      <Sparkline
        values={finishedSteps(sender.buckets)}
        label={`most in one step: ${recordCount(Math.max(0, ...finishedSteps(sender.buckets)), sender.signal)}`}
      />
    ),
  },
  {
    id: "stored",
    header: "Stored",
    numeric: true,
    hideBelow: "sm",
    sort: (sender) => sender.accepted,
    cell: (sender) => <span title={recordCount(sender.accepted, sender.signal)}>{formatNumber(sender.accepted)}</span>,
  },
  {
    id: "refused",
    header: "Refused",
    numeric: true,
    sort: (sender) => sender.rejected,
    cell: (sender) =>
      sender.rejected > 0 ? (
        <span className="text-warning">{formatNumber(sender.rejected)}</span>
      ) : (
        <span className="text-ink-3">0</span>
      ),
  },
  {
    id: "bytes",
    header: "Size",
    numeric: true,
    hideBelow: "md",
    unit: "bytes",
    sort: (sender) => sender.bytes,
    cell: (sender) => (sender.bytes > 0 ? formatBytes(sender.bytes) : MISSING),
  },
  {
    id: "last",
    header: "Last",
    hideBelow: "sm",
    className: "whitespace-nowrap",
    sort: (sender) => sender.lastAt,
    cell: (sender) => <Time at={sender.lastAt} className="text-ink-2 text-xs" />,
  },
];
