"use client";

import { Lock, Rocket, Undo2 } from "lucide-react";
import dynamic from "next/dynamic";
import { useState } from "react";
import { compareHref } from "../../compare/compare-input.ts";
import { useDeploy } from "../../deployments/request/deploy-dialog-provider.tsx";
import { useRollback } from "../../deployments/request/rollback-dialog-provider.tsx";
import { Elapsed } from "../../feedback/time.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { EnvLink } from "../../layout/env-link.tsx";
import { Facts } from "../../layout/page.tsx";
import { cn } from "../../lib/cn.ts";
import { formatFailed, formatP95, formatP95Base, formatRateOver, MISSING } from "../../lib/format.ts";
import { EnvironmentBadge } from "../../marks/environment.tsx";
import { HealthMark } from "../../marks/health-mark.tsx";
import { useCan } from "../../trpc/session.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button, buttonClass } from "../../ui/button.tsx";
import { type PlacedService, serviceHref } from "../places.ts";
import { isBeyondLimit, whyNotJudged } from "../table/beyond-limit.ts";
import { ServiceAddress } from "./service-address.tsx";

/** A script of its own, which comes with the first lock. */
const LockDialog = dynamic(
  () => import("../../deployments/request/lock-dialog.tsx").then((module) => module.LockDialog),
  {
    ssr: false,
  },
);

type Service = PlacedService;

/** Beside the name: environment, state and since when. */
export function ServiceHeadline({ service: { row } }: { service: Service }) {
  return (
    <>
      <EnvironmentBadge name={row.environment} />
      <span className="flex items-baseline gap-2" title={row.healthMessage ?? undefined}>
        <HealthMark state={row.health} className="font-medium" />
        {row.healthSince ? (
          <span className="text-ink-3 text-xs">
            for <Elapsed since={row.healthSince} />
          </span>
        ) : row.healthAtLeastSince ? (
          <span className="text-ink-3 text-xs">
            for at least <Elapsed since={row.healthAtLeastSince} />
          </span>
        ) : null}
      </span>
      {row.notice ? (
        <span title={row.notice}>
          <Badge tone="warning">
            {row.origin === "kept" ? "no longer configured" : "runs a version that is no longer configured"}
          </Badge>
        </span>
      ) : null}
    </>
  );
}

/** Why a figure beyond its limit makes no state, behind the figure, which may say so itself. */
function NotJudged({ row, kind, figure }: { row: Service["row"]; kind: "errors" | "latency"; figure: string }) {
  const words = whyNotJudged(row, kind)?.words;
  return !words || figure.startsWith("too few") ? null : <span className="text-ink-3 text-xs">; {words}</span>;
}

/** Why, because of what, what is open or on its way: a line whose place is kept while there is nothing to say. */
export function ServiceNow({ service: { row } }: { service: Service }) {
  const why = row.reasons.map(({ message }) => message).join("; ");
  return (
    <div className="-mt-3 flex min-h-5 flex-wrap items-baseline gap-x-3 text-sm lg:flex-nowrap lg:whitespace-nowrap">
      {why ? (
        <span className="min-w-0 text-ink-2 lg:truncate" title={why}>
          {why}
        </span>
      ) : null}
      {row.causedBy ? <span className="text-ink-2">because of {row.causedBy}</span> : null}
      {row.openIncident ? (
        <EnvLink href={`/incidents/${row.openIncident.id}`} className="link">
          <span className="num">{row.openIncident.label}</span> {row.openIncident.status.replace("_", " ")}
        </EnvLink>
      ) : null}
      {row.activeDeployment ? (
        <EnvLink href={`/deployments/${row.activeDeployment.id}`} className="link min-w-0 lg:truncate">
          deploying <span className="num">{row.activeDeployment.version}</span>:{" "}
          <VisibleText text={row.activeDeployment.summary} />
        </EnvLink>
      ) : null}
    </div>
  );
}

export function ServiceActions({ service: { row } }: { service: Service }) {
  const deploy = useDeploy();
  const rollback = useRollback();
  const [locking, setLocking] = useState(false);
  const mayDeploy = useCan("deployment.write");
  const mayOpen = useCan("incident.write");
  const place = { service: row.service, environment: row.environment };
  return (
    <>
      {mayOpen ? (
        <EnvLink
          className={buttonClass({ variant: "ghost" })}
          href={`/incidents?${new URLSearchParams({ new: "1", service: row.service, env: row.environment })}`}
        >
          Create an incident
        </EnvLink>
      ) : null}
      <EnvLink className={buttonClass({ variant: "ghost" })} href={compareHref(row)}>
        Compare versions
      </EnvLink>
      {mayDeploy ? (
        <>
          <Button variant="ghost" onClick={() => setLocking(true)}>
            <Lock aria-hidden="true" /> Lock…
          </Button>
          {locking ? <LockDialog {...place} open onOpenChange={setLocking} /> : null}
          <Button onClick={() => rollback(place)} disabled={row.activeDeployment !== null}>
            <Undo2 aria-hidden="true" /> Roll back…
          </Button>
        </>
      ) : null}
      {mayDeploy ? (
        <Button variant="primary" onClick={() => deploy(place)} disabled={row.activeDeployment !== null}>
          <Rocket aria-hidden="true" /> Deploy…
        </Button>
      ) : null}
    </>
  );
}

const Names = ({ names, environment }: { names: readonly string[]; environment: string }) =>
  names.length === 0 ? (
    MISSING
  ) : (
    <span className="flex flex-wrap gap-x-2">
      {names.map((name) => (
        <EnvLink key={name} href={serviceHref({ service: name, environment })} className="link">
          <VisibleText text={name} />
        </EnvLink>
      ))}
    </span>
  );

/** The figures of now and the standing facts, one line. */
export function ServiceFacts({ service }: { service: Service }) {
  const { row } = service;
  const { traffic } = row;
  return (
    <div className="flex flex-col gap-3">
      {row.overloaded ? (
        <p className="text-critical text-sm" role="status">
          The balancer is overloaded: it turned away <span className="num">{row.overloaded.shed}</span> requests since{" "}
          <Elapsed since={row.overloaded.since} />.
        </p>
      ) : null}
      {service.description ? (
        <p className="max-w-prose text-ink-2 text-sm">
          <VisibleText text={service.description} />
        </p>
      ) : null}
      <Facts
        items={[
          { label: "Version", value: <span className="num">{row.currentVersion ?? MISSING}</span> },
          {
            label: "Requests, 5 min",
            value: <span className="num">{formatRateOver(traffic.requestsPerSecond, traffic.overSeconds)}</span>,
          },
          {
            label: "Errors, 5 min",
            value: (
              <span
                className={cn("tabular-nums", isBeyondLimit(row, "errors") && "text-critical")}
                title={whyNotJudged(row, "errors")?.title}
              >
                {formatFailed(traffic)}
                <NotJudged row={row} kind="errors" figure={formatFailed(traffic)} />
              </span>
            ),
          },
          {
            label: "p95, 5 min",
            value: (
              <span
                className={cn("num", isBeyondLimit(row, "latency") && "text-warning")}
                title={whyNotJudged(row, "latency")?.title}
              >
                {formatP95(traffic)}
                <span className="text-ink-3 text-xs"> {formatP95Base(traffic)}</span>
                <NotJudged row={row} kind="latency" figure={formatP95(traffic)} />
              </span>
            ),
          },
          { label: "Owner", value: row.owner || MISSING },
          { label: "Depends on", value: <Names names={service.dependsOn} environment={row.environment} /> },
          { label: "Used by", value: <Names names={service.usedBy} environment={row.environment} /> },
          {
            label: "Address",
            value: service.url ? <ServiceAddress service={row.service} url={service.url} /> : MISSING,
          },
        ]}
      />
    </div>
  );
}
