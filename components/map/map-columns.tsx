"use client";

import { isFailing } from "#server/agent/telemetry/failed-share.ts";
import { type Column, RowButton } from "../data-table/data-table.tsx";
import { cn } from "../lib/cn.ts";
import { formatErrors, formatFailed, formatMs, formatRateOver, MISSING } from "../lib/format.ts";
import { HealthMark } from "../marks/health-mark.tsx";
import { HEALTH_TONE } from "../marks/states.ts";
import type { MapEdge, MapNode } from "./prepare/edges.ts";

/** the share of failures, and the number it is a share of */
function Errors({ part }: { part: MapNode | MapEdge }) {
  return (
    <span className={cn(isFailing(part) && "text-critical")} title={formatFailed(part)}>
      {formatErrors(part)}
    </span>
  );
}

const RATES: Column<MapNode | MapEdge>[] = [
  {
    id: "rate",
    header: "Requests",
    numeric: true,
    unit: "per second",
    sort: (part) => part.requestsPerSecond,
    cell: (part) => formatRateOver(part.requestsPerSecond, part.overSeconds),
  },
  {
    id: "errors",
    header: "Errors",
    numeric: true,
    unit: "%",
    sort: (part) => part.errorPercent,
    more: [{ name: "Requests counted", csv: (part) => part.requests }],
    cell: (part) => <Errors part={part} />,
  },
];

const P95: Column<MapNode | MapEdge> = {
  ...{ id: "p95", header: "p95", numeric: true, unit: "ms" },
  sort: (part) => part.p95Ms,
  cell: (part) => formatMs(part.p95Ms),
};

export const nodeColumns = (onChoose: (id: string) => void): Column<MapNode>[] => [
  {
    id: "service",
    header: "Service",
    sort: (node) => node.label,
    more: [{ name: "Kind", csv: (node) => node.kind }],
    cell: (node) => (
      <span className="flex items-center gap-2">
        {node.health ? (
          <span className="sm:hidden">
            <HealthMark state={node.health} bare />
          </span>
        ) : null}
        <RowButton onClick={() => onChoose(node.id)}>{node.label}</RowButton>
        {node.kind === "external" ? <span className="text-ink-3 text-xs max-sm:hidden">external</span> : null}
      </span>
    ),
  },
  {
    id: "health",
    header: "Health",
    hideBelow: "sm",
    csv: (node) => node.health,
    sort: (node) => (node.health ? Object.keys(HEALTH_TONE).indexOf(node.health) : null),
    cell: (node) => (node.health ? <HealthMark state={node.health} /> : <span className="text-ink-3">{MISSING}</span>),
  },
  {
    id: "version",
    header: "Version",
    hideBelow: "md",
    csv: (node) => node.version,
    cell: (node) => <span className="num">{node.version ?? MISSING}</span>,
  },
  ...RATES,
  P95,
];

const knownFrom = (edge: MapEdge): string =>
  edge.seen ? (edge.configured ? "traces and configuration" : "traces") : "configuration; no call was seen";

export const EDGE_COLUMNS: Column<MapEdge>[] = [
  { id: "from", header: "Caller", sort: (edge) => edge.from, cell: (edge) => edge.from },
  { id: "to", header: "Called", fixed: true, sort: (edge) => edge.to, cell: (edge) => edge.to },
  {
    id: "seen",
    header: "Known from",
    hideBelow: "md",
    csv: knownFrom,
    cell: knownFrom,
  },
  ...RATES,
  { ...P95, hideBelow: "sm" },
];
