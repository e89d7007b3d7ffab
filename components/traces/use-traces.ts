"use client";

import { useInfiniteQuery, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { sameScope } from "../time-range/same-scope.ts";
import { useTimeRange } from "../time-range/time-range.tsx";
import { useKept } from "../time-range/use-kept.ts";
import { LONG_READ, useTRPC } from "../trpc/client.tsx";
import { PAGE, SAMPLE } from "./page-sizes.ts";
import { slicesOf } from "./prepare/slices.ts";
import type { TraceRow } from "./trace-columns.tsx";
import type { FailedTraces } from "./traces-sentence.ts";
import type { TraceView } from "./use-trace-view.ts";

const windowInput = ({ from, to }: { from: Date; to: Date }) => ({
  startTime: from.toISOString(),
  endTime: to.toISOString(),
});

/**
 * The newest traces, page by page. The list stands still under its reader: a range that follows the clock is read anew
 * when asked, and by itself only while nothing was found.
 */
export function useTraces(scope: TraceView["scope"]) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { range, from, to, relative } = useTimeRange();
  const [held, setHeld] = useState({ range, from, to });
  const window = held.range === range ? held : { range, from, to };
  const input = { ...windowInput(window), ...scope, limit: PAGE };
  const query = useInfiniteQuery(
    trpc.traces.list.infiniteQueryOptions(input, {
      ...LONG_READ,
      staleTime: Number.POSITIVE_INFINITY,
      getNextPageParam: (page) => page.nextCursor,
      placeholderData: sameScope(trpc.traces.list.infiniteQueryKey(input)),
    }),
  );
  const stopped = query.data === undefined && query.fetchStatus === "idle" && !query.error;
  const empty = query.data?.pages.every((page) => page.items.length === 0) ?? false;
  const behind = relative && window.to !== to;
  if (held.range !== range || (empty && behind && !query.isFetching)) setHeld({ range, from, to });
  const kept = useKept(query, trpc.traces.list.infiniteQueryKey(input));
  return {
    ...{ window, query: kept, stopped },
    cancel: () => void queryClient.cancelQueries({ queryKey: trpc.traces.list.infiniteQueryKey(input) }),
    /** null: what is shown is the newest there can be */
    refresh: behind && query.data ? () => setHeld({ range, from, to }) : null,
  };
}

/** How many traces of the window have errors, up to a page; null while that is not known, or not wanted. */
export function useFailedTraces(
  scope: TraceView["scope"],
  window: { from: Date; to: Date },
  wanted: boolean,
): FailedTraces | null {
  const trpc = useTRPC();
  const input = { ...windowInput(window), ...scope, onlyErrors: true, limit: PAGE };
  const { data } = useQuery(
    trpc.traces.list.queryOptions(input, { ...LONG_READ, enabled: wanted, staleTime: Number.POSITIVE_INFINITY }),
  );
  return data ? { count: data.items.length, more: data.nextCursor !== null } : null;
}

/** old enough that no more spans come */
const SETTLED_MS = 60_000;

/**
 * A few traces from each part of the window, for a picture of all of it: the newest page alone may be of seconds only.
 * Null until all parts are there, and while it is not wanted.
 */
export function useTraceSample(scope: TraceView["scope"], window: { from: Date; to: Date }, wanted: boolean) {
  const trpc = useTRPC();
  const slices = wanted ? slicesOf(window) : [];
  const combine = useCallback(
    (results: { data: { items: TraceRow[] } | undefined }[]): TraceRow[] | null =>
      results.length > 0 && results.every(({ data }) => data) ? results.flatMap(({ data }) => data?.items ?? []) : null,
    [],
  );
  return useQueries({
    queries: slices.map((slice, index) =>
      trpc.traces.list.queryOptions(
        { ...windowInput({ from: new Date(slice.fromMs), to: new Date(slice.toMs) }), ...scope, limit: SAMPLE },
        // only the parts at the ends change with the window
        { staleTime: index < slices.length - 1 ? 10 * SETTLED_MS : SETTLED_MS },
      ),
    ),
    combine,
  });
}

/** The services that sent spans in the range, and the operations of the chosen one. */
export function useTraceFacets(service: string | undefined) {
  const trpc = useTRPC();
  const { from, to } = useTimeRange();
  const input = { ...windowInput({ from, to }), ...(service ? { service } : {}) };
  const key = trpc.traces.facets.queryKey(input);
  return useKept(useQuery(trpc.traces.facets.queryOptions(input, { placeholderData: sameScope(key) })), key);
}
