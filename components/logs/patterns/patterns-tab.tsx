"use client";

import dynamic from "next/dynamic";
import { parseAsString, useQueryState } from "nuqs";
import { MOST_PATTERNS } from "#server/agent/logs/words.ts";
import { DataTable } from "../../data-table/data-table.tsx";
import { TableMenu } from "../../data-table/table-menu.tsx";
import { LongRead } from "../../feedback/long-read.tsx";
import { QueryBoundary } from "../../feedback/query-boundary.tsx";
import { Section } from "../../layout/page.tsx";
import { formatCount, plural } from "../../lib/format.ts";
import { Button } from "../../ui/button.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { NoLines } from "../lines/no-lines.tsx";
import { alsoAsk, withoutField } from "../query/query-edit.ts";
import type { LogView } from "../use-log-view.ts";
import type { useAnalysis } from "../use-logs.ts";
import { Anomalies } from "./anomalies.tsx";
import { patternColumns } from "./pattern-columns.tsx";
import { PatternsSkeleton } from "./patterns-skeleton.tsx";

/** Without a place of its own to wait in, what comes later would take the whole page away until it is there. */
const PatternDetail = dynamic(() => import("./pattern-detail.tsx").then((module) => module.PatternDetail), {
  loading: () => <Skeleton className="m-3 h-40" />,
});

/** what is shown is read again by itself: worth words only when that takes unusually long */
const REFRESH_SPOKEN_MS = 5_000;

interface PatternsTabProps {
  analysis: ReturnType<typeof useAnalysis>;
  view: LogView["view"];
  setView: LogView["setView"];
  limit: number;
  onMore: () => void;
}

/** What is new, what is growing: findings first, then every pattern. */
export function PatternsTab({ analysis, view, setView, limit, onMore }: PatternsTabProps) {
  const [open, setOpen] = useQueryState("pattern", parseAsString);
  const { query, stopped, cancel } = analysis;
  const table = {
    label: "Patterns of the lines",
    columns: patternColumns(open, (id) => void setOpen(id)),
    rows: query.data?.patterns ?? [],
    sortParameter: "sort",
    hideParameter: "hide",
  };
  const filtered = view.query !== "" || view.service !== null || view.level !== null;
  const boundary = (
    <QueryBoundary
      query={query}
      what="the patterns"
      stopped={stopped}
      skeleton={
        <PatternsSkeleton
          reading={<LongRead active={query.isFetching} doing="Reading the patterns" onCancel={cancel} />}
        />
      }
    >
      {(data) => (
        <div className="flex flex-col gap-4">
          {data.patterns.length > 0 ? <Anomalies analysis={data} query={view.query} setView={setView} /> : null}
          <Section
            title="Patterns"
            note={data.patterns.length > 0 ? `${formatCount(data.patternCount)}, what matters most first` : undefined}
            actions={
              <>
                <LongRead
                  active={query.isFetching}
                  doing="Reading the patterns"
                  onCancel={cancel}
                  afterMs={REFRESH_SPOKEN_MS}
                />
                {data.patterns.length > 0 ? <TableMenu {...table} /> : null}
              </>
            }
          >
            {data.patterns.length === 0 ? (
              <NoLines filtered={filtered} />
            ) : (
              <DataTable
                {...table}
                rows={data.patterns}
                rowKey={(pattern) => pattern.id}
                navigable
                detail={(pattern) =>
                  pattern.id === open ? (
                    <PatternDetail
                      pattern={pattern}
                      onLines={() =>
                        setView({ tab: "lines", query: alsoAsk(withoutField(view.query, "pattern"), pattern.query) })
                      }
                      onService={(service) => setView({ service })}
                    />
                  ) : null
                }
              />
            )}
            {data.patterns.length < data.patternCount ? (
              <div className="flex min-h-10 flex-wrap items-center gap-3 border-t px-3 py-1 text-ink-3 text-xs">
                <span>
                  {plural(data.patterns.length, "pattern")} of {formatCount(data.patternCount)} shown
                </span>
                {limit < MOST_PATTERNS ? (
                  <Button size="sm" onClick={onMore} disabled={query.isFetching}>
                    Show more
                  </Button>
                ) : (
                  <span>Search or choose a service to see the others.</span>
                )}
              </div>
            ) : null}
          </Section>
        </div>
      )}
    </QueryBoundary>
  );
  const alone = query.data === undefined && (query.error !== null || stopped);
  return alone ? <Section title="Patterns">{boundary}</Section> : boundary;
}
