"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useCallback, useMemo, useState } from "react";
import type { MetricKind } from "#server/agent/telemetry/metric-functions.ts";
import { ChartPanel } from "../charts/chart-panel.tsx";
import { formatIn } from "../charts/prepare/units.ts";
import { TableMenu } from "../data-table/table-menu.tsx";
import { LongRead } from "../feedback/long-read.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { SourceNote } from "../feedback/source-note.tsx";
import { ClockTime } from "../feedback/time.tsx";
import { formatCount, formatDuration } from "../lib/format.ts";
import { sameScope } from "../time-range/same-scope.ts";
import { useTimeRange } from "../time-range/time-range.tsx";
import { useCalmWindow } from "../time-range/use-calm-window.ts";
import { useKept } from "../time-range/use-kept.ts";
import { LONG_READ, type RouterOutputs, useTRPC } from "../trpc/client.tsx";
import { Button } from "../ui/button.tsx";
import { Skeleton, SkeletonRows } from "../ui/skeleton.tsx";
import { useLineTable } from "./line-columns.tsx";
import { titleOf } from "./prepare/functions.ts";
import { metricPanel } from "./prepare/metric-lines.ts";
import type { PanelQuery, queryOf } from "./prepare/panel-query.ts";

const LegendTable = dynamic(() => import("./legend-table.tsx").then((module) => module.LegendTable), {
  loading: () => <SkeletonRows rows={2} />,
});

const DRAWN = 240;
const MOST_LINES = 20;

interface AnswerProps {
  /** from 0 */
  index: number;
  panel: PanelQuery;
  source: "built-in" | "external" | null;
  onChange: (change: Partial<PanelQuery>) => void;
  asked: NonNullable<ReturnType<typeof queryOf>>;
  kind: MetricKind;
}

/** What the metrics answered: a chart and its lines as a table. */
export function MetricAnswer({ index, panel, source, asked, kind, onChange }: AnswerProps) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [busy, setBusy] = useState(false);
  const window = useCalmWindow(busy);
  const input = {
    ...{ startTime: window.from.toISOString(), endTime: window.to.toISOString(), limit: MOST_LINES },
    ...asked,
    ...(source ? { source } : {}),
  };
  const query = useQuery(
    trpc.metrics.query.queryOptions(input, {
      ...LONG_READ,
      placeholderData: sameScope(trpc.metrics.query.queryKey(input)),
    }),
  );
  const stopped = query.data === undefined && query.fetchStatus === "idle" && !query.error;
  if (busy !== (query.isFetching || stopped)) setBusy(query.isFetching || stopped);
  const kept = useKept(query, trpc.metrics.query.queryKey(input));
  return (
    <>
      <div className="flex h-0 justify-end pr-3">
        <LongRead
          active={query.isFetching && query.isPlaceholderData}
          doing="Reading"
          onCancel={() => void queryClient.cancelQueries({ queryKey: trpc.metrics.query.queryKey(input) })}
        />
      </div>
      <QueryBoundary
        query={kept}
        what="the metric"
        stopped={stopped}
        skeleton={
          <div className="p-3" style={{ height: DRAWN + 90 }}>
            <Skeleton className="h-full" />
          </div>
        }
      >
        {(data) => <Lines index={index} panel={panel} kind={kind} data={data} onChange={onChange} />}
      </QueryBoundary>
    </>
  );
}

/** "1 min a point, whole points to 14:05": the point in progress is left out. */
const Note = ({
  stepSeconds,
  partial,
  leftOut,
}: Pick<LinesProps["data"], "stepSeconds" | "partial"> & { leftOut: number | undefined }) => (
  <>
    {formatDuration(stepSeconds * 1_000)} a point
    {leftOut ? `, gauges of this name left out: ${formatCount(leftOut)}` : null}
    {partial ? (
      <>
        , whole points to <ClockTime at={partial.until} />
      </>
    ) : null}
  </>
);

interface LinesProps extends Pick<AnswerProps, "index" | "panel" | "kind" | "onChange"> {
  data: RouterOutputs["metrics"]["query"];
}

function Lines({ index, panel, kind, data, onChange }: LinesProps) {
  const { words, within, zoomTo } = useTimeRange();
  const [asTable, setAsTable] = useState(false);
  const only = panel.promql === null ? (panel.metric ?? "") : "value";
  const { input, lines } = useMemo(() => metricPanel(data, panel.hidden, only), [data, panel.hidden, only]);
  const formatValue = useCallback((value: number | null) => formatIn[input.unit](value), [input.unit]);
  const onHidden = useCallback((hidden: string[]) => onChange({ hidden }), [onChange]);
  const { hidden } = panel;
  const table = useLineTable({ lines, hidden, onHidden, formatValue, unit: data.unit, place: index + 1 });
  return (
    <>
      <ChartPanel
        title={titleOf(panel, kind)}
        className="border-0 bg-transparent"
        input={input}
        rangeWords={words}
        within={within}
        note={<Note stepSeconds={data.stepSeconds} partial={data.partial} leftOut={data.leftOut} />}
        cursor="explorer"
        drawn={DRAWN}
        legend={false}
        actions={<TableMenu {...table} />}
        asTable={asTable}
        onAsTableChange={setAsTable}
        onZoom={zoomTo}
        problem={lines.length === 0 ? `There is no sample ${within}.` : "All lines are hidden."}
      />
      <div className="border-t">
        <LegendTable table={table} />
      </div>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t px-3 py-2 text-xs">
        <SourceNote source={data.source} />
        {data.truncated ? (
          <span className="text-ink-2">
            The {formatCount(data.lines.length)} largest of {formatCount(data.total)} lines: filter, or group by less.
          </span>
        ) : null}
        {panel.promql === null && data.promql ? (
          <span className="flex min-w-0 items-center gap-2">
            <code className="num min-w-0 break-all text-ink-2">{data.promql}</code>
            {data.source.kind === "prometheus" ? (
              <Button size="sm" variant="ghost" onClick={() => onChange({ promql: data.promql, hidden: [] })}>
                Edit
              </Button>
            ) : null}
          </span>
        ) : null}
      </div>
    </>
  );
}
