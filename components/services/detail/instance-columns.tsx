"use client";

import { type Column, RowButton } from "../../data-table/data-table.tsx";
import { Mark } from "../../feedback/mark.tsx";
import { Time } from "../../feedback/time.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { formatBytes, formatCount, formatPercent, MISSING } from "../../lib/format.ts";
import { lookOfInstance } from "../../marks/telemetry-states.ts";
import type { RouterOutputs } from "../../trpc/client.tsx";

export type Instance = RouterOutputs["services"]["get"]["instances"][number];

export function InstanceMark({ state }: { state: string }) {
  const { tone, word } = lookOfInstance(state);
  return <Mark tone={tone}>{word}</Mark>;
}

export const instanceColumns = (onOpen: (instance: Instance) => void): Column<Instance>[] => [
  {
    id: "instance",
    header: "Instance",
    cell: (instance) => (
      <RowButton onClick={() => onOpen(instance)} className="num">
        {instance.id}
      </RowButton>
    ),
  },
  {
    id: "state",
    header: "State",
    cell: (instance) => (
      <span title={instance.reason ?? undefined} className="flex items-baseline gap-2">
        <InstanceMark state={instance.state} />
        {instance.reason ? (
          <span className="max-w-72 truncate text-ink-2 text-xs max-lg:hidden">
            <VisibleText text={instance.reason} />
          </span>
        ) : null}
      </span>
    ),
  },
  {
    id: "version",
    header: "Version",
    cell: (instance) => (
      <>
        <span className="num">{instance.version}</span>
        {instance.configured ? null : <span className="text-warning text-xs"> no longer configured</span>}
      </>
    ),
  },
  {
    id: "pid",
    header: "pid",
    numeric: true,
    hideBelow: "lg",
    cell: (instance) => (instance.pid === null ? MISSING : String(instance.pid)),
  },
  {
    id: "cpu",
    header: "CPU of a core",
    numeric: true,
    hideBelow: "sm",
    cell: (instance) => formatPercent(instance.cpuPercent),
  },
  {
    id: "memory",
    header: "Memory",
    numeric: true,
    hideBelow: "sm",
    cell: (instance) => formatBytes(instance.memoryBytes),
  },
  {
    id: "in-flight",
    header: "In flight",
    numeric: true,
    hideBelow: "md",
    cell: (instance) => formatCount(instance.inFlight),
  },
  {
    id: "restarts",
    header: "Restarts",
    numeric: true,
    hideBelow: "md",
    cell: (instance) => (
      <span className={instance.restarts > 0 ? "text-warning" : undefined}>{formatCount(instance.restarts)}</span>
    ),
  },
  {
    id: "started",
    header: "Started",
    hideBelow: "md",
    className: "text-right",
    cell: (instance) => <Time at={instance.startedAt} className="num whitespace-nowrap" />,
  },
];
