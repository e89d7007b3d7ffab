"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCalmWindow } from "../time-range/use-calm-window.ts";
import { useTRPC } from "../trpc/client.tsx";
import { type SignalsOf, signalsInput } from "./signals-input.ts";

/** Requests, errors, latency and what they take, over the page's range. What was read stays until the next is there. */
export function useSignals(ref: SignalsOf, compareBefore: boolean) {
  const trpc = useTRPC();
  const [busy, setBusy] = useState(false);
  const window = useCalmWindow(busy);
  const query = useQuery(
    trpc.metrics.signals.queryOptions(signalsInput(window, ref, compareBefore), {
      placeholderData: (before) => before,
    }),
  );
  if (busy !== query.isFetching) setBusy(query.isFetching);
  return { query, window };
}
