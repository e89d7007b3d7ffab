"use client";

import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useMemo, useState } from "react";
import type { GetTraceOutput, SpanView } from "#server/agent/traces/schema.ts";
import { MOST_SPANS } from "#server/agent/traces/words.ts";
import { EmptyState } from "../../feedback/empty-state.tsx";
import { Mark } from "../../feedback/mark.tsx";
import { QueryBoundary } from "../../feedback/query-boundary.tsx";
import { SourceNote } from "../../feedback/source-note.tsx";
import { Time } from "../../feedback/time.tsx";
import { EnvLink } from "../../layout/env-link.tsx";
import { Page, Section } from "../../layout/page.tsx";
import { cn } from "../../lib/cn.ts";
import { useDocumentTitle } from "../../lib/document-title.ts";
import { formatCount, formatMs, plural } from "../../lib/format.ts";
import { useWide } from "../../lib/wide.ts";
import { plainText } from "../../logs/lines/plain-text.ts";
import { EnvironmentBadge } from "../../marks/environment.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { describeError } from "../../trpc/error-description.ts";
import { Button, buttonClass } from "../../ui/button.tsx";
import { Drawer } from "../../ui/dialog.tsx";
import { Skeleton, SkeletonRows } from "../../ui/skeleton.tsx";
import { FIRST_SPANS } from "../page-sizes.ts";
import { traceTitle } from "../trace-title.ts";
import { CopyId } from "./copy-id.tsx";
import { linkCount } from "./link-count.ts";
import { useTraceLogs, windowOfTrace } from "./use-trace-logs.ts";
import { useWaterfall } from "./use-waterfall.ts";

const TraceWaterfall = dynamic(() => import("./trace-waterfall.tsx").then((module) => module.TraceWaterfall), {
  loading: () => <SkeletonRows rows={8} />,
});
const TraceLines = dynamic(() => import("./trace-lines.tsx").then((module) => module.TraceLines), {
  loading: () => <SkeletonRows rows={3} />,
});
const TraceServices = dynamic(() => import("./trace-services.tsx").then((module) => module.TraceServices));
const NoTrace = dynamic(() => import("./no-trace.tsx").then((module) => module.NoTrace), {
  loading: () => <Loading />,
});
const TraceMinimap = dynamic(() => import("./trace-minimap.tsx").then((module) => module.TraceMinimap), {
  loading: () => <div className="h-12 bg-sunken" />,
});
const SpanDetail = dynamic(() => import("./span-detail.tsx").then((module) => module.SpanDetail), {
  loading: () => <Skeleton className="h-40" />,
});

/** it quotes what went wrong */
const LONGEST_SUMMARY = 2_000;
/** fewer are seen at one glance without it */
const MINIMAP_FROM = 30;
/** from here on the details stand beside the waterfall */
const BESIDE_PX = 1_280;

/** Where did the time of one request go, and what failed? */
export function TracePage({ traceId }: { traceId: string }) {
  const trpc = useTRPC();
  const [limit, setLimit] = useState(FIRST_SPANS);
  const query = useQuery(
    trpc.traces.get.queryOptions(
      { traceId, limit },
      // what has arrived does not change, but some of it may still be on its way
      { staleTime: 60_000, placeholderData: (before) => (before?.traceId === traceId ? before : undefined) },
    ),
  );
  if (query.error && describeError(query.error).code === "NOT_FOUND" && !query.data)
    return (
      <NoTrace traceId={traceId} message={describeError(query.error).message} onRetry={() => void query.refetch()} />
    );
  return (
    <QueryBoundary query={query} what="the trace" skeleton={<Loading />}>
      {(trace) => (
        <Loaded trace={trace} more={trace.truncated && limit < MOST_SPANS ? () => setLimit(MOST_SPANS) : null} />
      )}
    </QueryBoundary>
  );
}

function Loaded({ trace, more }: { trace: GetTraceOutput; more: (() => void) | null }) {
  const title = traceTitle(trace);
  useDocumentTitle(title);
  const state = useWaterfall(trace.spans);
  const logs = useTraceLogs(trace);
  const beside = useWide(BESIDE_PX);
  const [opened, setOpened] = useState(false);
  const series = useMemo(() => new Map(trace.services.map(({ service }, index) => [service, index])), [trace.services]);
  const look = {
    traceMs: trace.extentMs,
    seriesOf: (service: string) => series.get(service) ?? 0,
    linesOf: (spanId: string) => logs.bySpan.get(spanId)?.length ?? 0,
    linksOf: (span: SpanView) => linkCount(span, trace),
  };
  const { chosen } = state;
  const detail = chosen ? (
    <SpanDetail span={chosen} trace={trace} lines={logs.bySpan.get(chosen.spanId) ?? []} />
  ) : null;
  return (
    <Page
      title={title}
      meta={
        <>
          {trace.environment ? <EnvironmentBadge name={trace.environment} /> : null}
          <span className="num font-medium">{formatMs(trace.durationMs)}</span>
          {trace.errorCount > 0 ? <Mark tone="critical">{plural(trace.errorCount, "error")}</Mark> : null}
          <Time at={trace.startAt} className="text-ink-2" />
          <SourceNote source={trace.source} />
        </>
      }
      actions={
        <>
          <CopyId id={trace.traceId} />
          <EnvLink className={buttonClass()} href={logsHref(trace)}>
            Logs of this trace
          </EnvLink>
        </>
      }
    >
      <p className="break-words font-medium">{plainText(trace.summary, LONGEST_SUMMARY)}</p>
      <TraceServices services={trace.services} seriesOf={look.seriesOf} />
      <div className={cn("grid items-start gap-4", beside && chosen && "grid-cols-[minmax(0,1fr)_26rem]")}>
        <div className="flex min-w-0 flex-col gap-4">
          <Section
            title="Spans"
            note={spanWords(trace)}
            actions={
              <>
                {more ? (
                  <Button size="sm" onClick={more}>
                    Read up to {formatCount(MOST_SPANS)}
                  </Button>
                ) : null}
                <Button
                  size="sm"
                  variant="ghost"
                  aria-pressed={state.onlyCritical}
                  className={cn(state.onlyCritical && "bg-selected!")}
                  onClick={() => state.setOnlyCritical(!state.onlyCritical)}
                >
                  Critical path only
                </Button>
                <Button size="sm" variant="ghost" onClick={state.allOpen ? state.closeAll : state.openAll}>
                  {state.allOpen ? "Close all" : "Open all"}
                </Button>
              </>
            }
          >
            {trace.spans.length >= MINIMAP_FROM ? (
              <TraceMinimap
                spans={trace.spans}
                traceMs={trace.extentMs}
                chosen={chosen ? trace.spans.indexOf(chosen) : -1}
              />
            ) : null}
            <TraceWaterfall state={state} look={look} onOpen={() => setOpened(true)} />
            <Legend />
          </Section>
          <Section
            title="Log lines"
            note="that carry this trace's id"
            actions={
              <EnvLink href={logsHref(trace)} className="link text-sm">
                Search them
              </EnvLink>
            }
          >
            <QueryBoundary
              query={logs.query}
              what="the log lines"
              skeleton={<SkeletonRows rows={3} rowClassName="h-7" />}
              empty={(data) =>
                data.lines.length === 0 ? (
                  <EmptyState title="No line carries this trace's id">
                    A service that logs the field trace_id, or sends its logs with OpenTelemetry, has its lines here.
                  </EmptyState>
                ) : null
              }
            >
              {(data) => (
                <>
                  <TraceLines
                    lines={data.lines}
                    startMs={Date.parse(trace.startAt)}
                    chosen={chosen?.spanId ?? null}
                    onChoose={state.choose}
                  />
                  {data.truncated ? (
                    <p className="border-t px-3 py-2 text-ink-3 text-xs">
                      The first {formatCount(data.lines.length)} lines; the page of logs has all of them.
                    </p>
                  ) : null}
                </>
              )}
            </QueryBoundary>
          </Section>
        </div>
        {beside && detail ? (
          <Section
            title={<span className="break-words">{plainText(chosen?.name ?? "")}</span>}
            className="sticky top-14 max-h-[calc(100dvh-4rem)] overflow-y-auto"
            actions={
              <Button size="sm" variant="ghost" onClick={() => state.choose(null)}>
                Close
              </Button>
            }
          >
            {detail}
          </Section>
        ) : null}
      </div>
      {beside ? null : (
        <Drawer
          open={opened && chosen !== null}
          onOpenChange={setOpened}
          title={plainText(chosen?.name ?? "")}
          description={plainText(chosen?.service ?? "")}
          className="max-sm:top-auto max-sm:bottom-0 max-sm:max-h-[75dvh] max-sm:rounded-t-md max-sm:border-t max-sm:border-l-0"
        >
          {detail}
        </Drawer>
      )}
    </Page>
  );
}

function logsHref(trace: GetTraceOutput): string {
  const { from, to } = windowOfTrace(trace);
  return `/logs?${new URLSearchParams({
    ...{ tab: "lines", query: `trace:${trace.traceId}` },
    ...(trace.environment ? { env: trace.environment } : {}),
    ...{ from: from.toISOString(), to: to.toISOString() },
  })}`;
}

const spanWords = (trace: GetTraceOutput): string =>
  trace.truncated
    ? `${formatCount(trace.spans.length)} of ${plural(trace.spanCount, "span")}: the slowest and what failed`
    : plural(trace.spanCount, "span");

const Legend = () => (
  <ul className="flex flex-wrap gap-x-4 gap-y-1 border-t px-3 py-1.5 text-ink-3 text-xs">
    <li className="flex items-center gap-1.5">
      <span aria-hidden="true" className="flex w-5 flex-col gap-0.5">
        <span className="h-2 rounded-xs bg-series-1" />
        <span className="h-0.5 bg-ink" />
      </span>
      on the critical path
    </li>
    <li className="flex items-center gap-1.5">
      <span aria-hidden="true" className="h-2 w-5 rounded-xs bg-series-1 opacity-45" />
      others
    </li>
    <li className="flex items-center gap-1.5">
      <span aria-hidden="true" className="h-2 w-4 rounded-xs bg-series-1 outline-2 outline-critical outline-offset-1" />
      failed
    </li>
    <li className="max-md:hidden">Arrow keys move, open and close; e goes to the next error.</li>
  </ul>
);

const Loading = () => (
  <Page title={<Skeleton className="h-7 w-72" />}>
    <Skeleton className="h-5 w-2/3" />
    <Skeleton className="h-9" />
    <Section title="Spans">
      <SkeletonRows rows={12} rowClassName="h-7" />
    </Section>
  </Page>
);
