"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsBoolean, parseAsStringLiteral, useQueryState } from "nuqs";
import { useMemo } from "react";
import type { HealthTargetView } from "#server/agent/health/schema.ts";
import { HEALTH_RANGES } from "#server/agent/health/words.ts";
import { ChartPanel } from "../charts/chart-panel.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Time } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { Facts, Page, Section } from "../layout/page.tsx";
import { useDocumentTitle } from "../lib/document-title.ts";
import { formatDuration, formatMs, plural } from "../lib/format.ts";
import { HealthMark } from "../marks/health-mark.tsx";
import { type RouterOutputs, useTRPC } from "../trpc/client.tsx";
import { READ_TOGETHER } from "../trpc/read-together.ts";
import { Segmented } from "../ui/segmented.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Availability } from "./availability.tsx";
import { foundBy } from "./found-by.ts";
import { TargetActions } from "./target-actions.tsx";
import { TargetBadges } from "./target-badges.tsx";
import { targetName, targetTitle } from "./target-title.ts";

type Range = (typeof HEALTH_RANGES)[number];
type History = RouterOutputs["health"]["history"];

const RANGE_WORDS: Record<Range, string> = {
  "1h": "last hour",
  "24h": "last 24 hours",
  "7d": "last 7 days",
  "30d": "last 30 days",
  "90d": "last 90 days",
};
const POLL_MS = 10_000;

/** One target: how it is, how it was, and the buttons that quieten it. */
export function HealthTargetPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const [range, setRange] = useQueryState("range", parseAsStringLiteral(HEALTH_RANGES).withDefault("24h"));
  const query = useQuery(
    trpc.health.history.queryOptions(
      { targetId: id, range },
      {
        ...READ_TOGETHER,
        refetchInterval: POLL_MS,
        placeholderData: (before) => (before?.target.id === id ? before : undefined),
      },
    ),
  );
  return (
    <QueryBoundary
      query={query}
      what="the health check"
      list={{ href: "/health", label: "All health checks" }}
      skeleton={<Loading />}
    >
      {(data) => <Loaded data={data} range={range} onRange={(next) => void setRange(next)} />}
    </QueryBoundary>
  );
}

function Loaded({ data, range, onRange }: { data: History; range: Range; onRange: (range: Range) => void }) {
  const { target } = data;
  useDocumentTitle(targetTitle(target));
  const [asTable, setAsTable] = useQueryState("table", parseAsBoolean.withDefault(false));
  const words = RANGE_WORDS[data.range];
  const latency = useMemo(
    () => ({
      unit: "ms" as const,
      lines: [
        { key: "p50Ms", label: "p50", weight: "second" as const },
        { key: "p95Ms", label: "p95", weight: "main" as const },
      ],
      points: data.buckets,
      markers: [],
      stepSeconds: data.stepSeconds,
    }),
    [data],
  );
  return (
    <Page
      title={targetName(target)}
      meta={
        <>
          <HealthMark state={target.state} className="font-medium" />
          {target.stateSince ? (
            <span className="text-ink-2">
              since <Time at={target.stateSince} />
            </span>
          ) : target.stateAtLeastSince ? (
            <span className="text-ink-2">
              at least since <Time at={target.stateAtLeastSince} />
            </span>
          ) : null}
          <TargetBadges target={target} />
        </>
      }
      actions={<TargetActions target={target} />}
    >
      <Section title="Last check" note={<Time at={target.lastCheckedAt} />}>
        <div className="flex flex-col gap-3 p-3">
          <p className="break-words">{foundBy(target)}</p>
          {target.causedBy ? (
            <p className="text-ink-2">
              Only a consequence: it is explained by <strong className="font-medium">{target.causedBy}</strong>, which
              it depends on.
            </p>
          ) : null}
          <Facts items={factsOf(target)} />
        </div>
      </Section>
      <div className="flex flex-wrap items-center gap-3">
        <Segmented
          label="Range"
          value={range}
          onChange={onRange}
          options={HEALTH_RANGES.map((value) => ({ value, label: value, title: RANGE_WORDS[value] }))}
        />
        <span className="text-ink-3 text-sm">{RANGE_WORDS[range]}</span>
      </div>
      <Availability data={data} rangeWords={words} />
      <ChartPanel
        title="Latency of the checks"
        input={latency}
        rangeWords={words}
        cursor="health"
        asTable={asTable}
        onAsTableChange={(next) => void setAsTable(next || null)}
      />
    </Page>
  );
}

function factsOf(target: HealthTargetView) {
  return [
    { label: "Asked", value: <span className="num break-all">{target.address}</span> },
    ...(target.service && target.environment
      ? [
          {
            label: "Service",
            value: (
              <EnvLink
                className="link"
                href={`/services/${target.service}?env=${encodeURIComponent(target.environment)}`}
              >
                <VisibleText text={target.service} /> in {target.environment}
              </EnvLink>
            ),
          },
        ]
      : []),
    { label: "How", value: `${target.kind}, every ${formatDuration(target.intervalMs)}` },
    { label: "Down after", value: `${plural(target.failureThreshold, "failure")} in a row` },
    { label: "Failures in a row now", value: <span className="num">{target.consecutiveFailures}</span> },
    { label: "Last answer took", value: <span className="num">{formatMs(target.lastLatencyMs)}</span> },
  ];
}

const Loading = () => (
  <Page title={<Skeleton className="h-7 w-56" />}>
    <Skeleton className="h-32" />
    <Skeleton className="h-8 w-72" />
    <Skeleton className="h-32" />
    <Skeleton className="h-60" />
  </Page>
);
