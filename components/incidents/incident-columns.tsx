"use client";

import type { IncidentView } from "#server/agent/incidents/schema.ts";
import { SEVERITIES } from "#server/agent/incidents/words.ts";
import { type Column, RowLink } from "../data-table/data-table.tsx";
import { Elapsed, Time } from "../feedback/time.tsx";
import { MISSING } from "../lib/format.ts";
import { EnvironmentName } from "../marks/environment.tsx";
import { IncidentStatusMark, SeverityMark } from "../marks/incident-mark.tsx";

/** "checkout in production", as far as it is known. */
const Scope = ({ of: { service, environment } }: { of: Pick<IncidentView, "service" | "environment"> }) => (
  <>
    {service}
    {service && environment ? " in " : null}
    {environment ? <EnvironmentName name={environment} /> : service ? null : MISSING}
  </>
);

export const INCIDENT_COLUMNS: readonly Column<IncidentView>[] = [
  {
    id: "title",
    header: "Incident",
    csv: (row) => row.label,
    more: [{ name: "Title", csv: (row) => row.title }],
    cell: (row) => (
      <span className="flex min-w-0 items-baseline gap-2 py-0.5">
        <span className="num shrink-0 text-ink-3 text-xs">{row.label}</span>
        <span className="min-w-0">
          <RowLink href={`/incidents/${row.label}`}>{row.title}</RowLink>
          <span className="block text-ink-3 text-xs lg:hidden">
            <Scope of={row} />
          </span>
        </span>
      </span>
    ),
    className: "w-full lg:w-2/5",
  },
  {
    id: "severity",
    header: "Severity",
    cell: (row) => (
      <>
        <SeverityMark severity={row.severity} />
        <div className="text-xs sm:hidden">
          <IncidentStatusMark status={row.status} />
        </div>
      </>
    ),
    sort: (row) => SEVERITIES.indexOf(row.severity),
    csv: (row) => row.severity,
  },
  {
    id: "status",
    header: "Status",
    csv: (row) => row.status,
    cell: (row) => <IncidentStatusMark status={row.status} />,
    hideBelow: "sm",
  },
  {
    id: "scope",
    header: "Where",
    csv: (row) => row.service,
    more: [{ name: "Environment", csv: (row) => row.environment }],
    cell: (row) => <Scope of={row} />,
    hideBelow: "lg",
  },
  {
    id: "assignee",
    header: "Who has it",
    csv: (row) => row.assignee,
    cell: (row) => row.assignee ?? <span className="text-ink-3">nobody</span>,
    phone: (row) => (row.assignee ? `${row.assignee} has it` : "nobody has it"),
    hideBelow: "md",
  },
  {
    id: "opened",
    header: "Opened",
    cell: (row) => <Time at={row.openedAt} className="whitespace-nowrap text-ink-2" />,
    sort: (row) => row.openedAt,
    phone: (row) => (
      <>
        opened <Time at={row.openedAt} />
      </>
    ),
    hideBelow: "md",
  },
  {
    id: "duration",
    header: "Lasted",
    numeric: true,
    cell: (row) => <Elapsed since={row.openedAt} until={row.resolvedAt} />,
    unit: "s",
    csv: (row) => (row.resolvedAt ? (Date.parse(row.resolvedAt) - Date.parse(row.openedAt)) / 1_000 : null),
    more: [{ name: "Resolved", csv: (row) => row.resolvedAt }],
    sort: (row) => (row.resolvedAt ? Date.parse(row.resolvedAt) : Date.now()) - Date.parse(row.openedAt),
    hideBelow: "sm",
  },
];
