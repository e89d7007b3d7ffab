"use client";

import dynamic from "next/dynamic";
import { useMemo, useRef } from "react";
import { DataTable } from "../data-table/data-table.tsx";
import { LoadMore } from "../data-table/load-more.tsx";
import { TableMenu } from "../data-table/table-menu.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { LongRead } from "../feedback/long-read.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { SourceNote } from "../feedback/source-note.tsx";
import { Time } from "../feedback/time.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { Page, Section } from "../layout/page.tsx";
import { formatCount, formatDuration } from "../lib/format.ts";
import { RangePicker } from "../time-range/range-picker.tsx";
import { useTimeRange } from "../time-range/time-range.tsx";
import { ZoomOutButton } from "../time-range/zoom-out-button.tsx";
import { Button } from "../ui/button.tsx";
import { Skeleton, SkeletonRows } from "../ui/skeleton.tsx";
import { SAMPLE, SCATTER_HEIGHT } from "./page-sizes.ts";
import { sliceMs } from "./prepare/slices.ts";
import { type TraceRow, traceColumns } from "./trace-columns.tsx";
import { TraceFilters } from "./trace-filters.tsx";
import { tracesSentence } from "./traces-sentence.ts";
import { type TraceView, useTraceView } from "./use-trace-view.ts";
import { useFailedTraces, useTraceSample, useTraces } from "./use-traces.ts";

const TraceScatter = dynamic(() => import("./trace-scatter.tsx").then((module) => module.TraceScatter), {
  ssr: false,
  loading: () => <ScatterSkeleton />,
});

/** Which requests were slow or failed, and where? */
export function TracesPage() {
  const traces = useTraceView();
  const { within } = useTimeRange();
  const { query, window, refresh, stopped, cancel } = useTraces(traces.scope);
  const source = query.data?.pages.at(-1)?.source;
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items), [query.data]);
  const failed = useFailedTraces(traces.scope, window, query.hasNextPage);
  return (
    <Page
      title="Traces"
      meta={source ? <SourceNote source={source} /> : query.error ? null : <Skeleton className="h-3 w-28" />}
      actions={
        <>
          <ZoomOutButton />
          <RangePicker />
        </>
      }
    >
      <div className="flex min-h-6 flex-wrap items-center gap-3">
        {rows ? (
          <p className="font-medium">{tracesSentence(rows, query.hasNextPage, within, failed)}</p>
        ) : query.error ? null : (
          <Skeleton className="h-3 w-96 max-w-full" />
        )}
        {refresh ? (
          <span className="flex items-center gap-2 text-ink-3 text-xs">
            read <Time at={window.to.toISOString()} />
            <Button size="sm" onClick={refresh}>
              Show the newest
            </Button>
          </span>
        ) : null}
        <LongRead active={query.isFetching} doing="Reading traces" onCancel={cancel} />
      </div>
      <TraceFilters {...traces} />
      <QueryBoundary
        query={{ ...query, data: rows }}
        what="the traces"
        stopped={stopped}
        skeleton={<ListSkeleton />}
        empty={(data) => (data.length === 0 ? <NoTraces filtered={Object.keys(traces.scope).length > 0} /> : null)}
      >
        {(data) => <Loaded rows={data} {...{ window, within, query }} scope={traces.scope} setView={traces.setView} />}
      </QueryBoundary>
    </Page>
  );
}

interface LoadedProps {
  rows: TraceRow[];
  window: { from: Date; to: Date };
  within: string;
  query: ReturnType<typeof useTraces>["query"];
  scope: TraceView["scope"];
  setView: TraceView["setView"];
}

function Loaded({ rows, window, within, query, scope, setView }: LoadedProps) {
  const { zoomTo } = useTimeRange();
  const last = useLastSample(useTraceSample(scope, window, query.hasNextPage), scope);
  const sample = query.hasNextPage ? last : null;
  const shown = sample ?? rows;
  const of = sample
    ? sampleWords(sample.length, window, within)
    : query.hasNextPage
      ? `the newest ${formatCount(rows.length)} ${within}`
      : `all ${within}`;
  const longestMs = Math.max(0, ...rows.map((row) => row.durationMs));
  const columns = useMemo(() => traceColumns(longestMs), [longestMs]);
  const table = { label: "Traces, newest first", columns, rows, hideParameter: "hide" };
  return (
    <div className="flex flex-col gap-4">
      <TraceScatter
        traces={shown}
        window={window}
        words={of}
        onZoom={({ from, to, min, max }) => {
          zoomTo(from, to);
          setView({ ...(min === null ? {} : { min }), ...(max === null ? {} : { max }) });
        }}
      />
      <Section title="Requests" note="newest first" actions={<TableMenu {...table} />}>
        <DataTable
          {...table}
          rowKey={(row) => row.traceId}
          navigable
          rowClassName={() => "[content-visibility:auto] [contain-intrinsic-height:36px]"}
        />
        <LoadMore query={query} shown={rows.length} of="traces" />
      </Section>
    </div>
  );
}

/** "a sample of 45 in the last hour: the newest 8 of each 90 s" */
const sampleWords = (count: number, window: { from: Date; to: Date }, within: string): string =>
  `a sample of ${formatCount(count)} ${within}: the newest ${SAMPLE} of each ${formatDuration(sliceMs(window))}`;

/** While the parts of a newer window are read, the picture before stands. */
function useLastSample(sample: TraceRow[] | null, scope: TraceView["scope"]): TraceRow[] | null {
  const last = useRef<{ sample: TraceRow[]; scope: typeof scope } | null>(null);
  if (sample) last.current = { sample, scope };
  return last.current?.scope === scope ? last.current.sample : null;
}

const NoTraces = ({ filtered }: { filtered: boolean }) => (
  <Section title="Requests">
    {filtered ? (
      <EmptyState title="No trace matches">Ask for less, or choose another range.</EmptyState>
    ) : (
      <EmptyState title="No traces in this range">
        Choose a longer range. When nothing has arrived at all, the{" "}
        <EnvLink href="/ingest" className="link">
          ingest page
        </EnvLink>{" "}
        says how to send traces.
      </EmptyState>
    )}
  </Section>
);

const ListSkeleton = () => (
  <div className="flex flex-col gap-4">
    <ScatterSkeleton />
    <Section title="Requests">
      <SkeletonRows rows={15} />
    </Section>
  </div>
);

const ScatterSkeleton = () => (
  <Section title="Duration over time">
    <div className="p-3" style={{ height: SCATTER_HEIGHT }}>
      <Skeleton className="h-full" />
    </div>
  </Section>
);
