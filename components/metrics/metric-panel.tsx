"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { X } from "lucide-react";
import dynamic from "next/dynamic";
import { useCallback, useMemo, useState } from "react";
import type { MetricKind } from "#server/agent/telemetry/metric-functions.ts";
import { ChartPanel } from "../charts/chart-panel.tsx";
import { formatIn } from "../charts/prepare/units.ts";
import { TableMenu } from "../data-table/table-menu.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
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
import { Dialog } from "../ui/dialog.tsx";
import { Skeleton, SkeletonRows } from "../ui/skeleton.tsx";
import { useLineTable } from "./line-table.tsx";
import { type Metric, MetricPicker } from "./metric-picker.tsx";
import { titleOf } from "./prepare/functions.ts";
import { metricPanel } from "./prepare/metric-lines.ts";
import { type PanelQuery, queryOf } from "./prepare/panel-query.ts";

const LegendTable = dynamic(() => import("./legend-table.tsx").then((module) => module.LegendTable), {
  loading: () => <SkeletonRows rows={2} />,
});
const PromqlBox = dynamic(() => import("./promql-box.tsx").then((module) => module.PromqlBox), {
  loading: () => <Skeleton className="h-24" />,
});
const QueryForm = dynamic(() => import("./query-form.tsx").then((module) => module.QueryForm), {
  loading: () => <Skeleton className="h-8" />,
});

const DRAWN = 240;
const MOST_LINES = 20;

interface MetricPanelProps {
  /** from 0 */
  index: number;
  panel: PanelQuery;
  source: "built-in" | "external" | null;
  /** the source takes queries in PromQL */
  speaksPromql: boolean;
  onChange: (change: Partial<PanelQuery>) => void;
  /** null: it is the only one */
  onRemove: (() => void) | null;
}

/** One question to the metrics and its answer. */
export function MetricPanel(props: MetricPanelProps) {
  const { index, panel, source, speaksPromql, onChange, onRemove } = props;
  const [picking, setPicking] = useState(false);
  const asked = queryOf(panel);
  const info = useMetric(panel.metric, source);
  const pick = (metric: Metric) => {
    setPicking(false);
    onChange({ metric: metric.name, promql: null, fn: null, filters: [], groupBy: [], hidden: [] });
  };
  const { metric } = panel;
  return (
    <section aria-label={`Panel ${index + 1}`} className="rounded-md border bg-surface">
      <div className="flex min-h-11 flex-wrap items-center gap-2 border-b px-3 py-1.5">
        {metric && panel.promql === null ? (
          <Button onClick={() => setPicking(true)} aria-haspopup="dialog" className="max-w-full">
            <span className="num truncate">{metric}</span>
          </Button>
        ) : (
          <h2 className="font-semibold text-sm">{panel.promql === null ? "Choose a metric" : "PromQL"}</h2>
        )}
        {info && panel.promql === null ? (
          <span className="text-ink-3 text-xs">{[info.kind, info.unit].filter(Boolean).join(", ")}</span>
        ) : null}
        {info?.help && panel.promql === null ? (
          <span className="line-clamp-2 min-w-0 flex-1 text-ink-2 text-xs">{info.help}</span>
        ) : null}
        <span className="ml-auto flex gap-1">
          {panel.promql === null && speaksPromql ? (
            <Button size="sm" variant="ghost" onClick={() => onChange({ promql: "" })}>
              Write PromQL
            </Button>
          ) : null}
          {onRemove ? (
            <Button size="sm" variant="ghost" aria-label={`Remove panel ${index + 1}`} onClick={onRemove}>
              <X />
            </Button>
          ) : null}
        </span>
      </div>
      {panel.promql === null ? (
        metric ? (
          <QueryForm panel={{ ...panel, metric }} info={info} source={source} onChange={onChange} />
        ) : null
      ) : (
        <PromqlBox
          promql={panel.promql}
          onRun={(promql) => onChange({ promql, hidden: [] })}
          onForm={() => onChange({ promql: null, hidden: [] })}
        />
      )}
      {asked ? (
        <Answer {...props} asked={asked} kind={info?.kind ?? "unknown"} />
      ) : panel.promql === null ? (
        <MetricPicker source={source} onPick={pick} />
      ) : (
        <EmptyState title="Nothing was asked yet">Write a query and run it.</EmptyState>
      )}
      <Dialog open={picking} onOpenChange={setPicking} title="Choose a metric">
        <MetricPicker source={source} onPick={pick} focus />
      </Dialog>
    </section>
  );
}

/** Kind, unit and meaning of a metric that is known by its name. */
function useMetric(name: string | null, source: MetricPanelProps["source"]): Metric | undefined {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.metrics.list.queryOptions(
      { search: name ?? "", limit: 100, ...(source ? { source } : {}) },
      { enabled: name !== null, staleTime: 60_000 },
    ),
  );
  return query.data?.items.find((item) => item.name === name);
}

interface AnswerProps extends MetricPanelProps {
  asked: NonNullable<ReturnType<typeof queryOf>>;
  kind: MetricKind;
}

function Answer({ index, panel, source, asked, kind, onChange }: AnswerProps) {
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
