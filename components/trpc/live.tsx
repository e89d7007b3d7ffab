"use client";

import { notifyManager, useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useEffectEvent,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { useTRPC } from "./client.tsx";
import { HEARTBEAT_MS, type Lost, lostBy, worstOf } from "./connection.ts";
import { describeError } from "./errors.ts";
import { type Hint, isStaleAfter } from "./invalidation.ts";
import { leaveForSignIn } from "./query-client.ts";

export interface LiveState {
  state: "connecting" | "live" | "lost";
  /** why and as of when, while it is lost */
  lost: Lost | null;
  /** counts up with each hint that arrived, for the pulse */
  pulse: number;
}

const LiveContext = createContext<LiveState>({ state: "connecting", lost: null, pulse: 0 });
export const useLive = (): LiveState => useContext(LiveContext);

/** Hints come in bursts while something rolls; one refetch per burst is enough. */
const GATHER_MS = 150;
const RETRY_MS = 5_000;

function useGatheredInvalidation() {
  const queryClient = useQueryClient();
  const hints = useRef<Hint[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const everLive = useRef(false);
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
      /** everything, unless this is the tab's first connection */
      afterLoss() {
        if (everLive.current) void queryClient.invalidateQueries();
        everLive.current = true;
      },
    }),
    [queryClient],
  );
}

/** What the reads on the page tell of the connection; those that got no answer are tried again until they do. */
function useFailingReads(): Lost | null {
  const queryClient = useQueryClient();
  const last = useRef<Lost | null>(null);
  const read = () => {
    const now = worstOf(queryClient.getQueryCache().getAll().map(lostBy));
    if (now?.cause !== last.current?.cause || now?.asOf !== last.current?.asOf) last.current = now;
    return last.current;
  };
  const failing = useSyncExternalStore(
    useCallback((listener) => queryClient.getQueryCache().subscribe(notifyManager.batchCalls(listener)), [queryClient]),
    read,
    () => null,
  );
  const isFailing = failing !== null;
  useEffect(() => {
    if (!isFailing) return;
    const again = () => void queryClient.invalidateQueries({ predicate: (query) => lostBy(query) !== null });
    const timer = setInterval(again, RETRY_MS);
    return () => clearInterval(timer);
  }, [isFailing, queryClient]);
  return failing;
}

/** Since when the browser knows that it has no network; null while it may have one. */
function useOffline(onBack: () => void): number | null {
  const [since, setSince] = useState<number | null>(null);
  const back = useEffectEvent(onBack);
  useEffect(() => {
    const offline = () => setSince((before) => before ?? Date.now());
    const online = () => {
      setSince(null);
      back();
    };
    if (!navigator.onLine) offline();
    window.addEventListener("offline", offline);
    window.addEventListener("online", online);
    return () => {
      window.removeEventListener("offline", offline);
      window.removeEventListener("online", online);
    };
  }, []);
  return since;
}

/** The tab's one subscription. What it says is stale is read again; after a lost connection, everything is. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const trpc = useTRPC();
  const invalidate = useGatheredInvalidation();
  const [pulse, setPulse] = useState(0);
  /** of the stream: since when it is there, else as of when it is not */
  const [stream, setStream] = useState<{ live: boolean; at: number } | null>(null);

  const subscription = useSubscription(
    trpc.live.events.subscriptionOptions(undefined, {
      onData: (event) => {
        invalidate.add({ topic: event.data.topic, subjectId: event.data.subjectId });
        setPulse((before) => before + 1);
      },
      onError: (error) => {
        if (describeError(error).code === "UNAUTHORIZED") leaveForSignIn();
      },
    }),
  );
  const { status, reset } = subscription;
  const failing = useFailingReads();
  const offlineSince = useOffline(() => {
    reset();
    invalidate.all();
  });

  useEffect(() => {
    const live = status === "pending";
    setStream((before) => {
      if (before?.live === live || (!before && !live)) return before;
      // a silence is only noticed when a heartbeat is missing: what is shown may be as old as that
      return { live, at: live || !before ? Date.now() : Math.max(before.at, Date.now() - HEARTBEAT_MS) };
    });
    if (live) invalidate.afterLoss();
    if (status !== "error") return;
    const retry = setTimeout(reset, RETRY_MS);
    return () => clearTimeout(retry);
  }, [status, reset, invalidate]);

  const live = useMemo((): LiveState => {
    const lost = worstOf([
      offlineSince === null ? null : { cause: "connection", asOf: offlineSince },
      stream && !stream.live ? { cause: "connection", asOf: stream.at } : null,
      failing,
    ]);
    return { state: lost ? "lost" : stream ? "live" : "connecting", lost, pulse };
  }, [offlineSince, stream, failing, pulse]);

  return <LiveContext value={live}>{children}</LiveContext>;
}
