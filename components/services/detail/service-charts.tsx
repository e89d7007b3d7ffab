"use client";

import { ExternalLink } from "lucide-react";
import dynamic from "next/dynamic";
import { parseAsArrayOf, parseAsBoolean, parseAsStringLiteral, useQueryState } from "nuqs";
import { useMemo, useState } from "react";
import type { ServiceSignalsOutput } from "#server/agent/metrics/schema.ts";
import { ChartPanel } from "../../charts/chart-panel.tsx";
import type { Picked } from "../../charts/line-chart.tsx";
import { EmptyState } from "../../feedback/empty-state.tsx";
import { QueryBoundary } from "../../feedback/query-boundary.tsx";
import { SourceNote } from "../../feedback/source-note.tsx";
import { ClockTime, useHydrated } from "../../feedback/time.tsx";
import { Section } from "../../layout/page.tsx";
import { cn } from "../../lib/cn.ts";
import { wordsOf } from "../../time-range/range.ts";
import { RangePicker } from "../../time-range/range-picker.tsx";
import { useTimeRange } from "../../time-range/time-range.tsx";
import { ZoomOutButton } from "../../time-range/zoom-out-button.tsx";
import { useCan } from "../../trpc/session.tsx";
import { Button, buttonClass } from "../../ui/button.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { PANELS, queriesOf, type SignalPanel, signalPanels, templateWords } from "../signal-panels.ts";
import type { SignalsOf } from "../signals-input.ts";
import { useSignals } from "../use-signals.ts";

const ExampleTraces = dynamic(() => import("./example-traces.tsx").then((module) => module.ExampleTraces), {
  ssr: false,
});

/** Requests, errors, latency and what they take, under one range and one cursor, with the deployments. */
export function ServiceCharts({ service, environment }: SignalsOf) {
  const [compare, setCompare] = useQueryState("compare", parseAsBoolean.withDefault(false));
  const { query, window } = useSignals({ service, environment }, compare);
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <h2 className="font-semibold text-sm">Traffic</h2>
        {query.data?.source.stale ? <SourceNote source={query.data.source} /> : null}
        <div className="ml-auto flex flex-wrap items-center gap-2">
          <Button
            aria-pressed={compare}
            onClick={() => void setCompare(compare ? null : true)}
            className={cn(compare && "bg-selected!")}
          >
            Compare with before
          </Button>
          <ZoomOutButton />
          <RangePicker />
        </div>
      </div>
      {compare ? <BeforeNote window={window} /> : null}
      <QueryBoundary query={query} what="the figures of the service" skeleton={<ChartsSkeleton />}>
        {(data) => <Panels data={data} service={service} environment={environment} />}
      </QueryBoundary>
    </div>
  );
}

function BeforeNote({ window: { from, to } }: { window: { from: Date; to: Date } }) {
  const hydrated = useHydrated();
  const length = to.getTime() - from.getTime();
  const range = {
    from: { kind: "at", ms: from.getTime() - length },
    to: { kind: "at", ms: from.getTime() },
  } as const;
  return (
    <p className="text-ink-2 text-xs">
      Grey and dotted: the equal time before, {wordsOf(range, to.getTime(), hydrated ? -to.getTimezoneOffset() : 0)},
      moved to the same place.
    </p>
  );
}

function Panels({ data, service, environment }: SignalsOf & { data: ServiceSignalsOutput }) {
  const { words, within, zoomTo } = useTimeRange();
  const [tables, setTables] = useQueryState("table", parseAsArrayOf(parseAsStringLiteral(PANELS)).withDefault([]));
  const [picked, setPicked] = useState<Picked | null>(null);
  const mayReadTraces = useCan("telemetry.read");
  const panels = useMemo(() => signalPanels(data), [data]);
  if (environment === undefined && data.signals.every(({ values }) => values.every((value) => value === null)))
    return (
      <Section title="Figures" note={words}>
        <EmptyState title={`No figures of ${service} ${within}`}>
          It sent no metrics by the names of an SLI template and no server spans then: unknown, not zero.
        </EmptyState>
      </Section>
    );
  const pickOfNow = (point: Picked) => setPicked(point.key.endsWith("-before") ? null : point);
  return (
    <>
      <div className="grid gap-4 lg:grid-cols-2 2xl:grid-cols-3">
        {panels.map((panel) => (
          <ChartPanel
            key={panel.name}
            title={panel.title}
            input={panel.input}
            rangeWords={words}
            within={within}
            cursor="service"
            problem={panel.problem}
            asTable={tables.includes(panel.name)}
            onAsTableChange={(asTable) =>
              void setTables(asTable ? [...tables, panel.name] : tables.filter((table) => table !== panel.name))
            }
            onZoom={zoomTo}
            onPick={panel.name === "latency" && mayReadTraces ? pickOfNow : undefined}
            actions={<GrafanaLink panel={panel} />}
          />
        ))}
      </div>
      <HowMeasured data={data} />
      {picked ? (
        <ExampleTraces service={service} environment={environment} picked={picked} onClose={() => setPicked(null)} />
      ) : null}
    </>
  );
}

const GrafanaLink = ({ panel: { title, grafanaHref } }: { panel: SignalPanel }) =>
  grafanaHref ? (
    <a
      className={buttonClass({ variant: "ghost", size: "icon" })}
      href={grafanaHref}
      target="_blank"
      rel="noreferrer"
      aria-label={`${title} in Grafana, in a new tab`}
    >
      <ExternalLink />
    </a>
  ) : null;

/** Who answered, and what was asked for each line. */
const HowMeasured = ({ data }: { data: ServiceSignalsOutput }) => (
  <div className="mt-2 flex flex-wrap items-start gap-x-4 gap-y-1 text-ink-3 text-xs">
    <span>
      <SourceNote source={data.source} />
      {templateWords(data.template)}, {data.stepSeconds} s a point
      {data.partial ? (
        <>
          , whole points to <ClockTime at={data.partial.until} />
        </>
      ) : null}
      . Drag over a chart to zoom, click the latency for example traces.
    </span>
    <details className="min-w-0">
      <summary className="cursor-pointer hover:text-ink">How each line is measured</summary>
      <dl className="mt-1 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
        {queriesOf(data).map(({ label, query }) => (
          <div key={label} className="contents">
            <dt>{label}</dt>
            <dd className="num break-all text-ink-2">{query}</dd>
          </div>
        ))}
      </dl>
    </details>
  </div>
);

/** The size of what comes, so that nothing moves when it does. */
export const ChartsSkeleton = () => (
  <>
    <div className="grid gap-4 lg:grid-cols-2 2xl:grid-cols-3">
      {PANELS.map((name) => (
        <Skeleton key={name} className="h-[239px]" />
      ))}
    </div>
    <Skeleton className="mt-2 h-4 w-96 max-w-full" />
  </>
);
