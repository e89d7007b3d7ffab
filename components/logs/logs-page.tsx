"use client";

import dynamic from "next/dynamic";
import { useState } from "react";
import { MOST_PATTERNS } from "#server/agent/logs/words.ts";
import { EmptyState } from "../feedback/empty-state.tsx";
import { SourceNote } from "../feedback/source-note.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { Page, Section } from "../layout/page.tsx";
import { plural } from "../lib/format.ts";
import { RangePicker } from "../time-range/range-picker.tsx";
import { useTimeRange } from "../time-range/time-range.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Skeleton, SkeletonRows } from "../ui/skeleton.tsx";
import { LogFilters } from "./log-filters.tsx";
import { LogHistogram } from "./log-histogram.tsx";
import { FIRST_PATTERNS } from "./patterns/pattern-limits.ts";
import { PatternsSkeleton } from "./patterns/patterns-skeleton.tsx";
import { queryErrorOf } from "./query/query-error.ts";
import { SearchBox } from "./query/search-box.tsx";
import { useLogView } from "./use-log-view.ts";
import { useAnalysis, useCounts } from "./use-logs.ts";

/** Below what is seen first: its scripts come after the others, and what they do waits. */
const PatternsTab = dynamic(() => import("./patterns/patterns-tab.tsx").then((module) => module.PatternsTab), {
  loading: () => <PatternsSkeleton />,
});

/** The list and what a line opens to come with the first look at lines; the patterns do without. */
const LinesTab = dynamic(() => import("./lines/lines-tab.tsx").then((module) => module.LinesTab), {
  ssr: false,
  loading: () => (
    <Section title="Lines">
      <div className="h-[calc(100dvh-22rem)] min-h-96 overflow-hidden">
        <SkeletonRows rows={24} rowClassName="h-6" />
      </div>
    </Section>
  ),
});

/** What is new, what is growing, show me the lines. */
export function LogsPage() {
  const log = useLogView();
  const { view, scope, setView } = log;
  const { within } = useTimeRange();
  const [limit, setLimit] = useState(FIRST_PATTERNS);
  const analysis = useAnalysis(scope, limit, view.tab === "patterns");
  const tailing = view.tab === "lines" && view.tail;
  const counts = useCounts(scope, !tailing);
  const error = queryErrorOf(view.tab === "patterns" ? analysis.query.error : null) ?? queryErrorOf(counts.query.error);
  const waiting = !counts.query.error && !tailing;
  const source = analysis.query.data?.source ?? counts.query.data?.source;

  return (
    <Page
      title="Logs"
      meta={source ? <SourceNote source={source} /> : waiting ? <Skeleton className="h-3 w-28" /> : null}
      actions={<RangePicker />}
    >
      <div className="flex min-h-5 items-center">
        {tailing ? (
          <p className="font-medium">The newest lines, as they come.</p>
        ) : view.tab === "lines" ? (
          <LinesSentence counts={counts.query.data?.points} waiting={waiting} within={within} />
        ) : analysis.query.data ? (
          <p className="font-medium">
            <VisibleText text={analysis.query.data.summary} />
          </p>
        ) : error || analysis.query.error || analysis.stopped ? null : (
          <Skeleton className="h-3 w-96 max-w-full" />
        )}
      </div>
      <div className="flex flex-col gap-2">
        <SearchBox query={view.query} onSearch={(query) => setView({ query })} error={error} />
        <LogFilters {...log} />
      </div>
      {error ? (
        <Section title="Lines">
          <EmptyState title="The query cannot be read">What is wrong with it stands below the search.</EmptyState>
        </Section>
      ) : (
        <>
          {tailing ? null : <LogHistogram counts={counts} scope={scope} />}
          <div className="flex items-center">
            <Segmented
              label="View"
              value={view.tab}
              onChange={(tab) => setView({ tab })}
              options={[
                { value: "patterns", label: "Patterns" },
                { value: "lines", label: "Lines" },
              ]}
            />
          </div>
          {view.tab === "patterns" ? (
            <PatternsTab
              analysis={analysis}
              view={view}
              setView={setView}
              limit={limit}
              onMore={() => setLimit(MOST_PATTERNS)}
            />
          ) : (
            <LinesTab {...log} />
          )}
        </>
      )}
    </Page>
  );
}

type Points = NonNullable<ReturnType<typeof useCounts>["query"]["data"]>["points"];

function LinesSentence({ counts, waiting, within }: { counts: Points | undefined; waiting: boolean; within: string }) {
  if (!counts) return waiting ? <Skeleton className="h-3 w-96 max-w-full" /> : null;
  const sum = (key: "debug" | "info" | "warn" | "error") => counts.reduce((total, point) => total + point[key], 0);
  const all = sum("debug") + sum("info") + sum("warn") + sum("error");
  return (
    <p className="font-medium">
      {plural(all, "line")} {within}: {plural(sum("error"), "error")}, {plural(sum("warn"), "warning")}.
    </p>
  );
}
