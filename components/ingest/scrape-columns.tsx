"use client";

import type { ScrapeTargetView } from "#server/agent/ingest/schema.ts";
import type { Column } from "../data-table/data-table.tsx";
import { Mark } from "../feedback/mark.tsx";
import { Time } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { formatDuration, formatMs, formatNumber } from "../lib/format.ts";
import { EnvironmentName } from "../marks/environment.tsx";
import { SCRAPE_TONE } from "../marks/telemetry-states.ts";

/** What Operate fetches itself. */
export const scrapeColumns: Column<ScrapeTargetView>[] = [
  {
    id: "target",
    header: "Target",
    className: "w-full max-w-0 min-w-32",
    sort: (target) => target.name,
    more: [
      { name: "Address", csv: (target) => target.url },
      { name: "Error", csv: (target) => target.error },
    ],
    cell: (target) => (
      <span className="flex min-w-0 flex-col">
        <span className="truncate font-medium">
          <VisibleText text={target.name} />
        </span>
        <span className="num truncate text-ink-3 text-xs">{target.url}</span>
        {target.error ? <span className="text-critical text-xs">{target.error}</span> : null}
      </span>
    ),
  },
  {
    id: "state",
    header: "State",
    sort: (target) => target.state,
    cell: (target) => <Mark tone={SCRAPE_TONE[target.state]}>{target.state}</Mark>,
  },
  {
    id: "service",
    header: "Service",
    hideBelow: "md",
    sort: (target) => target.service,
    more: [{ name: "Environment", csv: (target) => target.environment }],
    cell: (target) => (
      <span className="whitespace-nowrap">
        <VisibleText text={target.service} />
        {target.environment === null || target.environment === target.service ? null : (
          <>
            {" "}
            <EnvironmentName name={target.environment} />
          </>
        )}
      </span>
    ),
  },
  {
    id: "interval",
    header: "Every",
    numeric: true,
    hideBelow: "md",
    unit: "ms",
    csv: (target) => target.intervalMs,
    cell: (target) => formatDuration(target.intervalMs),
  },
  {
    id: "samples",
    header: "Samples",
    numeric: true,
    hideBelow: "sm",
    sort: (target) => target.samples,
    cell: (target) => formatNumber(target.samples),
  },
  {
    id: "duration",
    header: "Took",
    numeric: true,
    hideBelow: "sm",
    unit: "ms",
    sort: (target) => target.durationMs,
    cell: (target) => formatMs(target.durationMs),
  },
  {
    id: "last",
    header: "Last",
    className: "whitespace-nowrap",
    sort: (target) => target.lastAt,
    cell: (target) => <Time at={target.lastAt} className="text-ink-2 text-xs" />,
  },
];
