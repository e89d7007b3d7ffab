"use client";

import type { z } from "zod";
import type { InstanceView } from "#server/agent/deploy/schema.ts";
import { type Column, DataTable, RowButton } from "../data-table/data-table.tsx";
import { Mark, type MarkTone } from "../feedback/mark.tsx";
import { Time } from "../feedback/time.tsx";
import { formatBytes, formatCount, formatPercent, MISSING } from "../lib/format.ts";

type Instance = z.infer<typeof InstanceView>;

const STATE_TONE: Record<string, MarkTone> = {
  starting: "active",
  ready: "ok",
  unready: "warning",
  draining: "quiet",
  stopping: "quiet",
  restarting: "warning",
  "crash-looping": "critical",
};

const columns = (onLogs: (instanceId: string) => void): readonly Column<Instance>[] => [
  {
    id: "instance",
    header: "Instance",
    cell: (row) => (
      <RowButton onClick={() => onLogs(row.id)} className="num">
        {row.id}
        <span className="sr-only">, show its log</span>
      </RowButton>
    ),
  },
  { id: "version", header: "Version", cell: (row) => <span className="num">{row.version}</span> },
  { id: "state", header: "State", cell: (row) => <Mark tone={STATE_TONE[row.state] ?? "unknown"}>{row.state}</Mark> },
  {
    id: "reason",
    header: "Reason",
    cell: (row) => <span className="text-ink-2">{row.reason ?? MISSING}</span>,
    hideBelow: "lg",
    className: "w-1/3",
  },
  { id: "pid", header: "pid", numeric: true, cell: (row) => row.pid ?? MISSING, hideBelow: "lg" },
  {
    id: "cpu",
    header: "CPU of a core",
    numeric: true,
    cell: (row) => formatPercent(row.cpuPercent),
    hideBelow: "md",
  },
  { id: "memory", header: "Memory", numeric: true, cell: (row) => formatBytes(row.memoryBytes), hideBelow: "md" },
  { id: "inFlight", header: "In flight", numeric: true, cell: (row) => formatCount(row.inFlight), hideBelow: "md" },
  { id: "restarts", header: "Restarts", numeric: true, cell: (row) => formatCount(row.restarts), hideBelow: "sm" },
  {
    id: "started",
    header: "Started",
    cell: (row) => <Time at={row.startedAt} className="whitespace-nowrap text-ink-2" />,
    hideBelow: "md",
  },
];

/** What runs now; a row opens its log. */
export const InstanceTable = ({
  instances,
  onLogs,
}: {
  instances: readonly Instance[];
  onLogs: (instanceId: string) => void;
}) => (
  <DataTable
    label="Instances that run now"
    columns={columns(onLogs)}
    rows={instances}
    rowKey={(row) => row.id}
    navigable
  />
);
