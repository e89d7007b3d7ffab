"use client";

import { ArrowRight } from "lucide-react";
import type { ReactNode } from "react";
import { HEALTH_STATES } from "#server/agent/health/words.ts";
import type { ServiceRow } from "#server/agent/services/schema.ts";
import { Sparkline } from "../../charts/sparkline.tsx";
import { type Column, RowLink } from "../../data-table/data-table.tsx";
import { Elapsed, Time } from "../../feedback/time.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { EnvLink } from "../../layout/env-link.tsx";
import {
  formatCount,
  formatErrors,
  formatFailed,
  formatNumber,
  formatOver,
  formatP95,
  formatP95Base,
  MISSING,
} from "../../lib/format.ts";
import { EnvironmentName } from "../../marks/environment.tsx";
import { HealthMark } from "../../marks/health-mark.tsx";
import { serviceHref } from "../places.ts";
import { isBeyondLimit, whyNotJudged } from "./beyond-limit.ts";
import { lacksInstances, readySentence, readyWords } from "./ready-words.ts";
import { stateReason } from "./state-reason.ts";

/** The overview's columns. With all environments in one table, each row says which one it is. */
export function serviceColumns(showEnvironment: boolean): Column<ServiceRow>[] {
  return [
    {
      id: "service",
      header: "Service",
      sort: (row) => row.service,
      more: [
        { name: "Environment", csv: (row) => row.environment },
        { name: "Configuration", csv: (row) => row.origin },
        { name: "Last seen", csv: (row) => row.lastSeen },
      ],
      cell: (row) => (
        <div className="flex min-w-0 flex-col leading-tight sm:flex-row sm:items-baseline sm:gap-2">
          <RowLink href={serviceHref(row)} ownEnvironment>
            <VisibleText text={row.service} />
          </RowLink>
          {showEnvironment && row.environment !== null ? (
            <EnvironmentName name={row.environment} className="text-xs" />
          ) : null}
          <Unconfigured row={row} />
        </div>
      ),
    },
    {
      id: "status",
      header: "Status",
      className: "lg:w-1/3",
      sort: (row) => HEALTH_STATES.indexOf(row.health),
      csv: (row) => row.health,
      more: [
        { name: "Since", csv: (row) => row.healthSince },
        { name: "Why", csv: (row) => row.healthMessage },
        { name: "Because of", csv: (row) => row.causedBy },
      ],
      cell: (row) => <Status row={row} />,
      phone: (row) => stateReason(row),
    },
    {
      id: "version",
      header: "Version",
      hideBelow: "md",
      phone: (row) => (row.currentVersion || row.activeDeployment ? <Versions row={row} /> : null),
      sort: (row) => row.currentVersion,
      more: [{ name: "On its way", csv: (row) => row.activeDeployment?.version ?? null }],
      cell: (row) => <Versions row={row} />,
    },
    {
      id: "instances",
      header: "Ready",
      numeric: true,
      hideBelow: "sm",
      phone: (row) =>
        row.origin === "observed" ? null : (
          <span className={lacksInstances(row) ? "text-warning" : undefined}>
            <span className="num">{readyWords(row)}</span> ready
          </span>
        ),
      sort: (row) => row.instancesReady && row.instancesReady / Math.max(1, row.instancesWanted ?? 1),
      csv: (row) => row.instancesReady,
      more: [{ name: "Wanted", csv: (row) => row.instancesWanted }],
      cell: (row) =>
        row.origin === "observed" ? (
          <span className="text-ink-3">{MISSING}</span>
        ) : (
          <span className={lacksInstances(row) ? "text-warning" : undefined} title={readySentence(row)}>
            {readyWords(row)}
          </span>
        ),
    },
    {
      id: "rate",
      header: "Req/s, 5 min",
      name: "Req/s",
      numeric: true,
      hideBelow: "sm",
      sort: (row) => row.traffic.requestsPerSecond,
      cell: ({ traffic: { requestsPerSecond, overSeconds } }) => (
        <>
          {formatNumber(requestsPerSecond)}
          {requestsPerSecond !== null && overSeconds !== null ? (
            <span className="block text-ink-3 text-xs">{formatOver(overSeconds)}</span>
          ) : null}
        </>
      ),
    },
    {
      id: "errors",
      header: "Errors, 5 min",
      name: "Errors",
      numeric: true,
      unit: "%",
      sort: (row) => row.traffic.errorPercent,
      cell: (row) => (
        <Judged
          row={row}
          kind="errors"
          tone="text-critical"
          title={`${formatFailed(row.traffic)} in the last ${row.traffic.seconds / 60} min`}
        >
          {formatErrors(row.traffic)}
        </Judged>
      ),
    },
    {
      id: "p95",
      header: "p95, 5 min",
      name: "p95",
      numeric: true,
      unit: "ms",
      sort: (row) => row.traffic.p95Ms,
      cell: (row) => (
        <Judged row={row} kind="latency" tone="text-warning" title={formatP95Base(row.traffic)}>
          {formatP95(row.traffic)}
        </Judged>
      ),
    },
    {
      id: "trend",
      header: "p95, 1 h",
      hideBelow: "xl",
      className: "w-28",
      cell: (row) =>
        row.traffic.p95Series.length > 0 ? (
          <Sparkline values={row.traffic.p95Series} label={`p95 of ${row.service}, ${row.environment}, last hour`} />
        ) : (
          <span className="text-ink-3">{MISSING}</span>
        ),
    },
    {
      id: "incident",
      header: "Incident",
      hideBelow: "md",
      phone: (row) => (row.openIncident ? <Incident row={row} /> : null),
      csv: (row) => row.openIncident?.label ?? null,
      cell: (row) => <Incident row={row} />,
    },
  ];
}

/** A figure in the colour of what follows from it; muted, with why, where it is beyond a limit and nothing follows. */
function Judged({
  row,
  kind,
  tone,
  title,
  children,
}: {
  row: ServiceRow;
  kind: "errors" | "latency";
  tone: string;
  title?: string | undefined;
  children: ReactNode;
}) {
  const why = whyNotJudged(row, kind);
  const beyond = isBeyondLimit(row, kind) ? tone : undefined;
  return (
    <span className={why ? "text-ink-3" : beyond} title={[title, why?.title].filter(Boolean).join("; ") || undefined}>
      {children}
      {why ? <span className="block text-xs"> {why.words}</span> : null}
    </span>
  );
}

/** Why a row stands there though the configuration does not name it. */
function Unconfigured({ row }: { row: ServiceRow }) {
  if (row.origin === "configured") return null;
  const silent = row.health === "unknown" && row.lastSeen !== null;
  return (
    <span
      className="whitespace-nowrap text-ink-3 text-xs"
      title={row.notice ?? "only its telemetry tells of it, all environments together"}
    >
      {row.origin === "kept" ? "no longer configured" : "not configured"}
      {silent ? (
        <>
          , last seen <Time at={row.lastSeen} />
        </>
      ) : null}
    </span>
  );
}

/**
 * A phone has since when and because of what below the state; wider screens have them beside it, and why on two lines
 * at most: beside them or, where it could not be read there, below.
 */
function Status({ row }: { row: ServiceRow }) {
  const ailing = row.health !== "up";
  return (
    <span
      className="flex min-w-0 flex-col leading-tight sm:flex-row sm:flex-wrap sm:items-baseline sm:gap-x-2 sm:whitespace-nowrap lg:min-w-64"
      title={row.healthMessage ?? undefined}
    >
      <HealthMark state={row.health} />
      {ailing ? (
        <span className="flex min-w-0 flex-wrap gap-x-1.5 text-ink-2 text-xs max-sm:pl-4.5 sm:contents">
          {row.healthSince ? <Elapsed since={row.healthSince} className="shrink-0 text-ink-3" /> : null}
          {/* of one that is not configured only the present is judged */}
          {row.healthAtLeastSince && row.origin !== "observed" ? (
            <span className="shrink-0 text-ink-3">
              at least <Elapsed since={row.healthAtLeastSince} />
            </span>
          ) : null}
          {row.causedBy ? <span className="wrap-anywhere min-w-0 sm:shrink-0">because of {row.causedBy}</span> : null}
          {stateReason(row) ? (
            <span className="wrap-anywhere line-clamp-2 min-w-48 flex-1 basis-56 whitespace-normal max-sm:hidden">
              {stateReason(row)}
            </span>
          ) : null}
        </span>
      ) : null}
    </span>
  );
}

/** What runs; with an arrow to what is on its way, and the count of each while both run. */
function Versions({ row }: { row: ServiceRow }) {
  const { activeDeployment, currentVersion, versions } = row;
  if (!activeDeployment) {
    const counted = versions.map((entry) => `${entry.version} × ${entry.instances}`).join(", ");
    return (
      <span className="num" title={counted || "nothing runs"}>
        {currentVersion ?? MISSING}
        {versions.length > 1 ? <span className="text-warning"> +{versions.length - 1}</span> : null}
      </span>
    );
  }
  const there = versions.find((entry) => entry.version === activeDeployment.version)?.instances ?? 0;
  const from = versions.find((entry) => entry.version !== activeDeployment.version)?.version ?? currentVersion;
  return (
    <EnvLink
      href={`/deployments/${activeDeployment.id}`}
      title={activeDeployment.summary}
      className="link relative z-1 inline-flex items-center gap-1 whitespace-nowrap"
    >
      <span className="num">{from ?? MISSING}</span>
      <ArrowRight className="size-3" aria-label="to" />
      <span className="num">{activeDeployment.version}</span>
      {activeDeployment.waiting ? (
        <span className="text-warning text-xs">decide</span>
      ) : (
        <span className="num text-ink-2 text-xs">
          {activeDeployment.weight === null
            ? `${there}/${formatCount(row.instancesWanted)}`
            : `${activeDeployment.weight} %`}
        </span>
      )}
    </EnvLink>
  );
}

function Incident({ row }: { row: ServiceRow }) {
  const incident = row.openIncident;
  if (!incident) return <span className="text-ink-3">{MISSING}</span>;
  return (
    <EnvLink href={`/incidents/${incident.id}`} className="link relative z-1 whitespace-nowrap">
      <span className="num">{incident.label}</span>{" "}
      <span className="text-ink-2 text-xs md:max-xl:hidden">
        {incident.severity}, <Elapsed since={incident.openedAt} />
      </span>
    </EnvLink>
  );
}
