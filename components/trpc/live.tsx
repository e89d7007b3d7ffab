"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from "react";
import { useTRPC } from "./client.tsx";
import { describeError } from "./errors.ts";
import { type Hint, isStaleAfter } from "./invalidation.ts";
import { leaveForSignIn } from "./query-client.ts";

export interface LiveState {
  state: "connecting" | "live" | "reconnecting";
  /** ms since the epoch when this state began; while reconnecting, the age of what is shown counts from here */
  since: number;
  /** counts up with each hint that arrived, for the pulse */
  pulse: number;
}

const LiveContext = createContext<LiveState>({ state: "connecting", since: 0, pulse: 0 });
export const useLive = (): LiveState => useContext(LiveContext);

/** Hints come in bursts while something rolls; one refetch per burst is enough. */
const GATHER_MS = 150;
const RETRY_MS = 5_000;

function useGatheredInvalidation() {
  const queryClient = useQueryClient();
  const hints = useRef<Hint[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useMemo(
    () => ({
      add(hint: Hint) {
        hints.current.push(hint);
        timer.current ??= setTimeout(() => {
          const gathered = hints.current;
          hints.current = [];
          timer.current = undefined;
          void queryClient.invalidateQueries({ predicate: (query) => isStaleAfter(query.queryKey, gathered) });
        }, GATHER_MS);
      },
      all: () => void queryClient.invalidateQueries(),
    }),
    [queryClient],
  );
}

/** The tab's one subscription. What it says is stale is read again; after a lost connection, everything is. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const trpc = useTRPC();
  const invalidate = useGatheredInvalidation();
  const [live, setLive] = useState<LiveState>({ state: "connecting", since: 0, pulse: 0 });
  const everLive = useRef(false);

  const subscription = useSubscription(
    trpc.live.events.subscriptionOptions(undefined, {
      onData: (event) => {
        invalidate.add({ topic: event.data.topic, subjectId: event.data.subjectId });
        setLive((before) => ({ ...before, pulse: before.pulse + 1 }));
      },
      onError: (error) => {
        if (describeError(error).code === "UNAUTHORIZED") leaveForSignIn();
      },
    }),
  );
  const { status, reset } = subscription;

  useEffect(() => {
    const state = status === "pending" ? "live" : everLive.current ? "reconnecting" : "connecting";
    if (state === "live" && everLive.current) invalidate.all();
    if (state === "live") everLive.current = true;
    setLive((before) => (before.state === state && before.since ? before : { ...before, state, since: Date.now() }));
    if (status !== "error") return;
    const retry = setTimeout(reset, RETRY_MS);
    return () => clearTimeout(retry);
  }, [status, reset, invalidate]);

  return <LiveContext value={live}>{children}</LiveContext>;
}
