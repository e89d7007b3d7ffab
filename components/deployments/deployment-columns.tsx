"use client";

import type { DeploymentView } from "#server/agent/deploy/schema.ts";
import { type Column, RowLink } from "../data-table/data-table.tsx";
import { Elapsed, Time, useClock } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { formatDuration, MISSING } from "../lib/format.ts";
import { DeploymentMark } from "../marks/deployment-mark.tsx";
import { EnvironmentName } from "../marks/environment.tsx";
import { Badge } from "../ui/badge.tsx";
import { VersionChange } from "./version-change.tsx";

export const DEPLOYMENT_COLUMNS: readonly Column<DeploymentView>[] = [
  {
    id: "service",
    header: "Service",
    csv: (row) => row.service,
    more: [{ name: "Deployment", csv: (row) => row.id }],
    cell: (row) => (
      <>
        <RowLink href={`/deployments/${row.id}`}>{row.service}</RowLink>
        <EnvironmentName name={row.environment} className="block text-xs md:hidden" />
      </>
    ),
  },
  {
    id: "status",
    header: "Status",
    csv: (row) => row.status,
    more: [{ name: "Decide before", csv: (row) => row.waiting?.expiresAt ?? null }],
    cell: (row) => (
      <>
        <DeploymentMark deployment={row} />
        {row.waiting ? <Waits at={row.waiting.expiresAt} /> : null}
      </>
    ),
  },
  {
    id: "how",
    header: "How",
    csv: (row) => row.strategy,
    more: [{ name: "Kind", csv: (row) => row.kind }],
    cell: (row) => (
      <span className="whitespace-nowrap text-ink-2">
        {row.kind === "rollback" ? (
          <>
            <Badge tone="warning">rollback</Badge> {row.strategy === "restore" ? "" : row.strategy}
          </>
        ) : (
          row.strategy
        )}
      </span>
    ),
    hideBelow: "md",
  },
  {
    id: "environment",
    header: "Environment",
    csv: (row) => row.environment,
    cell: (row) => <EnvironmentName name={row.environment} />,
    hideBelow: "md",
  },
  {
    id: "version",
    header: "Version",
    csv: (row) => row.version,
    more: [{ name: "Version before", csv: (row) => row.previousVersion }],
    cell: (row) => (
      <>
        <VersionChange from={row.previousVersion} to={row.version} />
        {row.kind === "rollback" ? <span className="block text-warning text-xs md:hidden">rollback</span> : null}
        <Time at={row.startedAt ?? row.createdAt} className="block text-ink-3 text-xs sm:hidden" />
      </>
    ),
  },
  {
    id: "summary",
    header: "What happened",
    csv: (row) => row.summary,
    more: [{ name: "Why", csv: (row) => row.reason }],
    cell: (row) => (
      <>
        <span className="line-clamp-1 text-ink-2" title={row.summary}>
          <VisibleText text={row.summary} />
        </span>
        {row.reason ? (
          <span className="line-clamp-1 text-ink-3 text-xs" title={row.reason}>
            Why: <VisibleText text={row.reason} />
          </span>
        ) : null}
      </>
    ),
    hideBelow: "xl",
    phone: (row) => (
      <>
        <VisibleText text={row.summary} />
        {row.reason ? (
          <span className="block text-ink-3">
            Why: <VisibleText text={row.reason} />
          </span>
        ) : null}
      </>
    ),
    className: "w-2/5",
  },
  {
    id: "who",
    header: "Who",
    csv: (row) => row.requestedBy.name,
    cell: (row) => (
      <span className="whitespace-nowrap text-ink-2">
        <VisibleText text={row.requestedBy.name} />
      </span>
    ),
    hideBelow: "lg",
    phone: (row) => (
      <>
        by <VisibleText text={row.requestedBy.name} />
      </>
    ),
  },
  {
    id: "started",
    header: "Started",
    csv: (row) => row.startedAt ?? row.createdAt,
    cell: (row) => <Time at={row.startedAt ?? row.createdAt} className="whitespace-nowrap text-ink-2" />,
    hideBelow: "sm",
  },
  {
    id: "took",
    header: "Took",
    numeric: true,
    unit: "s",
    csv: (row) =>
      row.startedAt && row.finishedAt ? (Date.parse(row.finishedAt) - Date.parse(row.startedAt)) / 1_000 : null,
    cell: (row) => (row.startedAt ? <Elapsed since={row.startedAt} until={row.finishedAt} /> : MISSING),
    hideBelow: "md",
  },
];

/** How long somebody still has to decide. */
function Waits({ at }: { at: string }) {
  const until = Date.parse(at);
  const left = useClock((now) => formatDuration(Math.max(0, until - now)));
  return (
    <span className="block whitespace-nowrap text-warning text-xs" suppressHydrationWarning>
      decide within {left}
    </span>
  );
}
