"use client";

import { CornerDownRight } from "lucide-react";
import type { HealthTargetView } from "#server/agent/health/schema.ts";
import { type Column, RowLink } from "../data-table/data-table.tsx";
import { Time } from "../feedback/time.tsx";
import { formatMs, formatPercent, formatWatched, MISSING } from "../lib/format.ts";
import { EnvironmentName } from "../marks/environment.tsx";
import { HealthMark } from "../marks/health-mark.tsx";
import { foundBy } from "./found-by.ts";
import type { TargetRow } from "./group-targets.ts";
import { TargetBadges } from "./target-badges.tsx";
import { UptimeCell } from "./uptime-cell.tsx";

type Row = TargetRow<HealthTargetView>;

const kindOf = (target: HealthTargetView): string =>
  target.origin === "service" ? "service" : target.kind === "disk" ? "disk" : `${target.kind} endpoint`;

export const HEALTH_COLUMNS: readonly Column<Row>[] = [
  {
    id: "name",
    header: "Checked",
    csv: ({ target }) => target.name,
    more: [
      { name: "Environment", csv: ({ target }) => target.environment },
      { name: "Kind", csv: ({ target }) => kindOf(target) },
    ],
    cell: ({ target, consequence }) => (
      <span className={consequence ? "flex items-baseline gap-1.5 pl-3" : "flex items-baseline gap-1.5"}>
        {consequence ? <CornerDownRight className="size-3.5 shrink-0 text-ink-3" aria-hidden="true" /> : null}
        <span className="min-w-0">
          <RowLink href={`/health/${target.id}`}>{target.name}</RowLink>
          <span className="block text-ink-3 text-xs">
            {target.environment ? (
              <>
                <EnvironmentName name={target.environment} />,{" "}
              </>
            ) : null}
            {kindOf(target)}
          </span>
        </span>
      </span>
    ),
  },
  {
    id: "state",
    header: "State",
    csv: ({ target }) => target.state,
    cell: ({ target }) => (
      <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <HealthMark state={target.state} className="font-medium" />
        <TargetBadges target={target} />
      </span>
    ),
  },
  {
    id: "found",
    header: "Why",
    csv: ({ target }) => foundBy(target),
    more: [{ name: "Caused by", csv: ({ target }) => target.causedBy }],
    cell: ({ target }) => (
      <>
        {target.causedBy ? <span className="block">caused by {target.causedBy}</span> : null}
        <span title={foundBy(target)} className="line-clamp-1 text-ink-2">
          {foundBy(target)}
        </span>
      </>
    ),
    hideBelow: "lg",
    phone: ({ target }) => {
      if (target.state === "up") return null;
      const why = foundBy(target);
      return target.causedBy ? `caused by ${target.causedBy}${why ? `: ${why}` : ""}` : why || null;
    },
    className: "w-1/4",
  },
  {
    id: "since",
    header: "Since",
    csv: ({ target }) => target.stateSince,
    more: [{ name: "At least since", csv: ({ target }) => target.stateAtLeastSince }],
    cell: ({ target }) =>
      target.stateSince || !target.stateAtLeastSince ? (
        <Time at={target.stateSince} className="whitespace-nowrap text-ink-2" />
      ) : (
        <span className="whitespace-nowrap text-ink-2">
          at least <Time at={target.stateAtLeastSince} />
        </span>
      ),
    phone: ({ target }) =>
      target.stateSince ? (
        <>
          {target.state} since <Time at={target.stateSince} />
        </>
      ) : null,
    hideBelow: "sm",
  },
  {
    id: "strip",
    header: "Last 24 h",
    cell: ({ target }) => <UptimeCell targetId={target.id} />,
    hideBelow: "md",
  },
  {
    id: "uptime",
    header: "Up, 24 h",
    numeric: true,
    unit: "%",
    csv: ({ target }) => target.uptimePercent24h,
    more: [{ name: "Checked in 24 h, s", csv: ({ target }) => target.watchedSeconds24h }],
    cell: ({ target }) => (
      <span title="by its probe: share of the checks of the last 24 h; degraded counts as up, maintenance is left out">
        {formatPercent(target.uptimePercent24h)}
        {formatWatched(target.watchedSeconds24h) ? (
          <span className="block text-ink-3 text-xs">{formatWatched(target.watchedSeconds24h)}</span>
        ) : null}
      </span>
    ),
  },
  {
    id: "p95",
    header: "p95, 24 h",
    numeric: true,
    unit: "ms",
    csv: ({ target }) => (target.kind === "disk" ? null : target.latencyP95Ms),
    cell: ({ target }) => (target.kind === "disk" ? MISSING : formatMs(target.latencyP95Ms)),
    hideBelow: "md",
  },
  {
    id: "checked",
    header: "Last check",
    csv: ({ target }) => target.lastCheckedAt,
    cell: ({ target }) => <Time at={target.lastCheckedAt} className="whitespace-nowrap text-ink-2" />,
    hideBelow: "lg",
  },
];
