"use client";

import { useQuery } from "@tanstack/react-query";
import type { Picked } from "../../charts/line-chart.tsx";
import { EmptyState } from "../../feedback/empty-state.tsx";
import { Mark } from "../../feedback/mark.tsx";
import { QueryBoundary } from "../../feedback/query-boundary.tsx";
import { EnvLink, linkFor } from "../../layout/env-link.tsx";
import { formatAbsolute, formatMs, plural } from "../../lib/format.ts";
import { plainText } from "../../logs/lines/plain-text.ts";
import { DurationBar } from "../../traces/duration-bar.tsx";
import { exampleDurations, tracesHref } from "../../traces/trace-scope.ts";
import { type RouterOutputs, useTRPC } from "../../trpc/client.tsx";
import { Drawer } from "../../ui/dialog.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import type { SignalsOf } from "../signals-input.ts";

/** read, to find the slowest of them; shown are fewer */
const READ = 100;
const SHOWN = 12;

interface ExampleTracesProps extends SignalsOf {
  /** where in the latency chart */
  picked: Picked;
  onClose: () => void;
}

/** From a point of the latency chart to requests that took about as long at about that time. */
export const ExampleTraces = ({ service, environment, picked, onClose }: ExampleTracesProps) => (
  <Drawer
    open
    onOpenChange={(open) => !open && onClose()}
    title={`Example traces of ${service}`}
    description={<Asked picked={picked} />}
  >
    <Examples service={service} environment={environment} picked={picked} />
  </Drawer>
);

function Asked({ picked }: { picked: Picked }) {
  const { min, max } = exampleDurations(picked.key, picked.value);
  return (
    <>
      {max === null ? `At least ${formatMs(min)}` : `${formatMs(min)} to ${formatMs(max)}`} long, around{" "}
      <span className="num">{formatAbsolute(picked.from)}</span>
    </>
  );
}

/** A step more on both sides: a request is counted when it ends, a trace is found by when it began. */
function windowAround({ from, to }: Picked): { from: Date; to: Date } {
  const step = to.getTime() - from.getTime();
  return { from: new Date(from.getTime() - step), to: new Date(to.getTime() + step) };
}

function Examples({ service, environment, picked }: SignalsOf & { picked: Picked }) {
  const trpc = useTRPC();
  const { min, max } = exampleDurations(picked.key, picked.value);
  const window = windowAround(picked);
  const query = useQuery(
    trpc.traces.list.queryOptions({
      ...{ service, environment, limit: READ, minDurationMs: min },
      ...(max === null ? {} : { maxDurationMs: max }),
      startTime: window.from.toISOString(),
      endTime: window.to.toISOString(),
    }),
  );
  const place = { service, environment: environment ?? null };
  const To = linkFor(environment);
  return (
    <QueryBoundary
      query={query}
      what="the traces"
      skeleton={<SkeletonRows rows={8} rowClassName="h-11" />}
      empty={(data) =>
        data.items.length === 0 ? (
          <EmptyState
            title="No trace of that time took so long"
            action={
              <To href={tracesHref(place, window)} className="link text-sm">
                All traces of that time
              </To>
            }
          >
            Not every request is traced, and traces are kept for fewer days than these figures.
          </EmptyState>
        ) : null
      }
    >
      {(data) => (
        <>
          <TraceLines traces={data.items} />
          <p className="px-4 py-3 text-sm">
            <To href={tracesHref({ ...place, min, max }, window)} className="link">
              All traces like these
            </To>
          </p>
        </>
      )}
    </QueryBoundary>
  );
}

function TraceLines({ traces }: { traces: RouterOutputs["traces"]["list"]["items"] }) {
  const slowest = [...traces].sort((a, b) => b.durationMs - a.durationMs).slice(0, SHOWN);
  const longestMs = slowest[0]?.durationMs ?? 0;
  return (
    <ul className="divide-y border-b">
      {slowest.map((trace) => (
        <li key={trace.traceId} className="relative flex min-h-11 items-center gap-3 px-4 py-1 text-sm hover:bg-hover">
          <div className="min-w-0 flex-1">
            <EnvLink
              href={`/traces/${trace.traceId}`}
              className="block truncate font-medium after:absolute after:inset-0 hover:underline"
            >
              {plainText(trace.rootName) || "(no name)"}
            </EnvLink>
            <span className="text-ink-3 text-xs">
              {trace.rootService}, {plural(trace.spans, "span")}
            </span>
          </div>
          {trace.errors > 0 ? <Mark tone="critical">{plural(trace.errors, "error")}</Mark> : null}
          <DurationBar ms={trace.durationMs} longestMs={longestMs} />
        </li>
      ))}
    </ul>
  );
}
