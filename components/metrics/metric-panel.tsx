"use client";

import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import dynamic from "next/dynamic";
import { useState } from "react";
import { EmptyState } from "../feedback/empty-state.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { type Metric, MetricPicker } from "./metric-picker.tsx";
import { type PanelQuery, queryOf } from "./prepare/panel-query.ts";

const MetricAnswer = dynamic(() => import("./metric-answer.tsx").then((module) => module.MetricAnswer), {
  loading: () => <Skeleton className="m-3 h-80" />,
});
const PromqlBox = dynamic(() => import("./promql-box.tsx").then((module) => module.PromqlBox), {
  loading: () => <Skeleton className="h-24" />,
});
const QueryForm = dynamic(() => import("./query-form.tsx").then((module) => module.QueryForm), {
  loading: () => <Skeleton className="h-8" />,
});

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
        <MetricAnswer {...props} asked={asked} kind={info?.kind ?? "unknown"} />
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
