"use client";

import { notifyManager, useQueryClient } from "@tanstack/react-query";
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
import { useTRPCClient } from "./client.tsx";
import { HEARTBEAT_MS, type Lost, lostBy, worstOf } from "./connection.ts";
import { describeError } from "./errors.ts";
import { type Hint, isStaleAfter } from "./invalidation.ts";
import { leaveForSignIn } from "./query-client.ts";
import { type OpenStream, SharedStream, type StreamState } from "./shared-stream.ts";

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
/** A tab that is hidden for so long holds no stream. Whoever only looks elsewhere for a moment keeps it. */
const HIDDEN_MS = 5_000;

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
    const again = () => {
      if (document.visibilityState === "visible")
        void queryClient.invalidateQueries({ predicate: (query) => lostBy(query) !== null });
    };
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

/** Takes the stream up while the tab is seen, and gives it up once it is hidden for a while or left. */
function useWhileSeen(stream: SharedStream): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const leave = () => {
      clearTimeout(timer);
      stream.giveUp();
    };
    const look = () => {
      clearTimeout(timer);
      if (document.visibilityState === "visible") stream.takeUp();
      else timer = setTimeout(leave, HIDDEN_MS);
    };
    if (document.visibilityState === "visible") stream.takeUp();
    else leave();
    document.addEventListener("visibilitychange", look);
    window.addEventListener("pagehide", leave);
    window.addEventListener("pageshow", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      window.removeEventListener("pagehide", leave);
      window.removeEventListener("pageshow", look);
      leave();
    };
  }, [stream]);
}

/** How tRPC opens the stream of hints. */
function useOpenStream(): OpenStream {
  const client = useTRPCClient();
  return useCallback(
    (lastEventId, on) => {
      const { unsubscribe } = client.live.events.subscribe(lastEventId === null ? undefined : { lastEventId }, {
        onData: ({ id, data: { topic, subjectId } }) => on.hint(id, { topic, subjectId }),
        onConnectionStateChange: ({ state, error }) => {
          if (state === "pending") on.state("live");
          else if (state === "connecting") on.state(error ? "lost" : "connecting");
        },
        onError: (error) => {
          if (describeError(error).code === "UNAUTHORIZED") leaveForSignIn();
          on.ended("refused");
        },
        onComplete: () => on.ended("lost"),
      });
      return unsubscribe;
    },
    [client],
  );
}

/** The browser's one subscription. What it says is stale is read again; after a lost connection, everything is. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const invalidate = useGatheredInvalidation();
  const open = useOpenStream();
  const [pulse, setPulse] = useState(0);
  /** of the stream: since when it is there, else as of when it is not */
  const [stream, setStream] = useState<{ state: StreamState; at: number } | null>(null);
  const shared = useMemo(
    () =>
      new SharedStream(open, {
        onHint(hint) {
          invalidate.add(hint);
          setPulse((before) => before + 1);
        },
        onCatchUp: invalidate.all,
        onState: (state) =>
          setStream((before) => {
            const now = Date.now();
            if (state === "live" || !before) return { state, at: now };
            // a silence is only noticed when a heartbeat is missing: what is shown may be as old as that
            return { state, at: before.state === "live" ? Math.max(before.at, now - HEARTBEAT_MS) : before.at };
          }),
      }),
    [open, invalidate],
  );
  useWhileSeen(shared);
  const failing = useFailingReads();
  const offlineSince = useOffline(() => {
    shared.reopen();
    invalidate.all();
  });

  const live = useMemo((): LiveState => {
    const lost = worstOf([
      offlineSince === null ? null : { cause: "connection", asOf: offlineSince },
      stream?.state === "lost" ? { cause: "connection", asOf: stream.at } : null,
      stream?.state === "refused" ? { cause: "stream", asOf: stream.at } : null,
      failing,
    ]);
    return { state: lost ? "lost" : stream?.state === "live" ? "live" : "connecting", lost, pulse };
  }, [offlineSince, stream, failing, pulse]);

  return <LiveContext value={live}>{children}</LiveContext>;
}
