"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { LONGEST_NAME } from "#server/agent/metrics/words.ts";
import { useRowNavigation } from "../data-table/row-navigation.ts";
import { EmptyState } from "../feedback/empty-state.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { formatCount, plural } from "../lib/format.ts";
import { useSettled } from "../lib/settled.ts";
import { type RouterOutputs, useTRPC } from "../trpc/client.tsx";
import { Input } from "../ui/field.tsx";
import { SkeletonRows } from "../ui/skeleton.tsx";

export type Metric = RouterOutputs["metrics"]["list"]["items"][number];
const SHOWN = 100;

interface MetricPickerProps {
  source: "built-in" | "external" | null;
  onPick: (metric: Metric) => void;
  /** it is all there is to do: begin to type at once */
  focus?: boolean;
}

/** All metrics there are, found by a part of their name. Arrow keys or Tab go to the list, Enter takes one. */
export function MetricPicker({ source, onPick, focus = false }: MetricPickerProps) {
  const trpc = useTRPC();
  const [words, setWords] = useState("");
  const search = useSettled(words.trim());
  const list = useRef<HTMLUListElement>(null);
  useRowNavigation(list);
  const query = useQuery(
    trpc.metrics.list.queryOptions(
      { limit: SHOWN, ...(search ? { search } : {}), ...(source ? { source } : {}) },
      { placeholderData: keepPreviousData },
    ),
  );
  return (
    <div className="flex min-h-0 flex-col">
      <div className="border-b p-3">
        <Input
          type="search"
          autoFocus={focus}
          aria-label="Search the metrics"
          placeholder="Part of a name"
          value={words}
          maxLength={LONGEST_NAME}
          onChange={(event) => setWords(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "ArrowDown") return;
            event.preventDefault();
            list.current?.querySelector<HTMLElement>("[data-row-link]")?.focus();
          }}
        />
      </div>
      {/* one height for what comes, is found or is missing: what stands below does not move */}
      <div className="h-[max(18rem,calc(100dvh-21rem))] overflow-y-auto">
        <QueryBoundary
          query={query}
          what="the metrics"
          skeleton={<SkeletonRows rows={10} rowClassName="h-12" />}
          empty={(data) => (data.items.length === 0 ? <NoMetrics search={search} /> : null)}
        >
          {(data) => (
            <>
              <ul ref={list} className="divide-y">
                {data.items.map((metric) => (
                  <MetricItem key={metric.name} metric={metric} onPick={() => onPick(metric)} />
                ))}
              </ul>
              {data.total > data.items.length ? (
                <p className="border-t px-3 py-2 text-ink-3 text-xs">
                  {formatCount(data.items.length)} of {plural(data.total, "metric")}: search for more of the name.
                </p>
              ) : null}
            </>
          )}
        </QueryBoundary>
      </div>
    </div>
  );
}

const MetricItem = ({ metric, onPick }: { metric: Metric; onPick: () => void }) => (
  <li data-row-key={metric.name}>
    <button
      type="button"
      data-row-link=""
      onClick={onPick}
      className="flex w-full flex-col gap-0.5 px-3 py-1.5 text-left text-sm hover:bg-hover"
    >
      <span className="flex min-w-0 flex-wrap items-baseline gap-x-3">
        <span className="num break-all font-medium">
          <VisibleText text={metric.name} />
        </span>
        <span className="text-ink-3 text-xs">
          {[metric.kind, metric.unit, metric.series === null ? "" : plural(metric.series, "series", "series")]
            .filter(Boolean)
            .join(", ")}
        </span>
      </span>
      {metric.help ? <span className="line-clamp-2 text-ink-2 text-xs">{metric.help}</span> : null}
    </button>
  </li>
);

const NoMetrics = ({ search }: { search: string }) =>
  search ? (
    <EmptyState title={`No metric is named like “${search}”`}>Try a shorter part of the name.</EmptyState>
  ) : (
    <EmptyState title="No metric has arrived yet">
      Send some with OpenTelemetry, have targets scraped, or name a Prometheus; the{" "}
      <EnvLink href="/ingest" className="link">
        ingest page
      </EnvLink>{" "}
      says how.
    </EmptyState>
  );
