"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsBoolean, useQueryState } from "nuqs";
import { useMemo } from "react";
import { BAR_PANEL_HEIGHT, BarPanel } from "../charts/bar-panel.tsx";
import type { BarInput, BarSeries } from "../charts/prepare/bars.ts";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Section } from "../layout/page.tsx";
import { formatCount, formatDuration } from "../lib/format.ts";
import { sameScope } from "../time-range/same-scope.ts";
import { useTimeRange } from "../time-range/time-range.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { windowInput } from "./log-scope.ts";
import type { LogView } from "./use-log-view.ts";
import type { useCounts } from "./use-logs.ts";

const SERIES: readonly BarSeries[] = [
  { key: "error", label: "error", tone: "critical" },
  { key: "warn", label: "warn", tone: "warning" },
  { key: "info", label: "info", tone: "neutral" },
  { key: "debug", label: "debug", tone: "faint" },
];

/** Lines over time by level, deployments as thin verticals; a drag zooms. */
export function LogHistogram({ counts, scope }: { counts: ReturnType<typeof useCounts>; scope: LogView["scope"] }) {
  const trpc = useTRPC();
  const { words, within, zoomTo } = useTimeRange();
  const [asTable, setAsTable] = useQueryState("table", parseAsBoolean.withDefault(false));
  const { service, environment } = scope;
  const { query, window } = counts;
  const asked = {
    ...windowInput(window),
    ...(service ? { service } : {}),
    ...(environment ? { environment } : {}),
  };
  const deployments = useQuery(
    trpc.deploy.starts.queryOptions(asked, { placeholderData: sameScope(trpc.deploy.starts.queryKey(asked)) }),
  );
  const input = useMemo(
    (): BarInput => ({
      series: SERIES,
      points: query.data?.points ?? [],
      markers: (deployments.data?.starts ?? []).map(({ at, version, service: of }) => ({
        at,
        label: service ? version : `${of} ${version}`,
      })),
      stepSeconds: query.data?.stepSeconds ?? 60,
      of: "lines",
      range: { fromMs: window.from.getTime(), toMs: window.to.getTime() },
    }),
    [query.data, deployments.data, window, service],
  );
  const total = input.points.reduce(
    (sum, point) => sum + SERIES.reduce((all, { key }) => all + (typeof point[key] === "number" ? point[key] : 0), 0),
    0,
  );
  const { starts = [], truncated = false } = deployments.data ?? {};
  const marked = truncated ? [`only the newest ${formatCount(starts.length)} deployments are marked`] : [];
  const boundary = (
    <QueryBoundary query={query} what="the number of lines" skeleton={<HistogramSkeleton />}>
      {(data) => (
        <BarPanel
          title="Lines"
          note={[`one bar is ${formatDuration(data.stepSeconds * 1_000)}`, ...marked].join("; ")}
          input={input}
          rangeWords={words}
          asTable={asTable}
          onAsTableChange={(next) => void setAsTable(next || null)}
          onZoom={zoomTo}
          empty={total === 0 ? `No lines ${within}.` : null}
        />
      )}
    </QueryBoundary>
  );
  return query.data || !query.error ? boundary : <Section title="Lines">{boundary}</Section>;
}

const HistogramSkeleton = () => (
  <Section title="Lines">
    <div className="p-3" style={{ height: BAR_PANEL_HEIGHT }}>
      <Skeleton className="h-full" />
    </div>
  </Section>
);
