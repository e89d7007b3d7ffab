"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { sameScope } from "../time-range/same-scope.ts";
import { useTimeRange } from "../time-range/time-range.tsx";
import { useCalmWindow } from "../time-range/use-calm-window.ts";
import { useKept } from "../time-range/use-kept.ts";
import { LONG_READ, useTRPC } from "../trpc/client.tsx";
import { windowInput } from "./log-scope.ts";
import type { LogView } from "./use-log-view.ts";

/** Patterns, anomalies and what to do about them. `cancel` stops a read that takes too long. */
export function useAnalysis(scope: LogView["scope"], limit: number, enabled: boolean) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [busy, setBusy] = useState(false);
  const window = useCalmWindow(busy);
  const input = { ...windowInput(window), ...scope, limit };
  const query = useQuery(
    trpc.logs.analyze.queryOptions(input, {
      ...LONG_READ,
      enabled,
      placeholderData: sameScope(trpc.logs.analyze.queryKey(input)),
    }),
  );
  const stopped = enabled && query.data === undefined && query.fetchStatus === "idle" && !query.error;
  if (busy !== (query.isFetching || stopped)) setBusy(query.isFetching || stopped);
  return {
    query: useKept(query, trpc.logs.analyze.queryKey(input)),
    stopped,
    cancel: () => void queryClient.cancelQueries({ queryKey: trpc.logs.analyze.queryKey(input) }),
  };
}

/** Lines per step and level, and the window they are of. */
export function useCounts(scope: LogView["scope"], enabled: boolean) {
  const trpc = useTRPC();
  const [busy, setBusy] = useState(false);
  const window = useCalmWindow(busy);
  const input = { ...windowInput(window), ...scope };
  const query = useQuery(
    trpc.logs.counts.queryOptions(input, {
      ...LONG_READ,
      enabled,
      placeholderData: sameScope(trpc.logs.counts.queryKey(input)),
    }),
  );
  if (busy !== query.isFetching) setBusy(query.isFetching);
  return { query: useKept(query, trpc.logs.counts.queryKey(input)), window };
}

/** The services that wrote lines in the window, most first. */
export function useFacets() {
  const trpc = useTRPC();
  const { from, to } = useTimeRange();
  const input = windowInput({ from, to });
  const key = trpc.logs.facets.queryKey(input);
  return useKept(useQuery(trpc.logs.facets.queryOptions(input, { placeholderData: sameScope(key) })), key);
}
