"use client";

import { notifyManager, type Query, useQueryClient } from "@tanstack/react-query";
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
import type { Following, Stream } from "./follow-hints.ts";
import { Freshness } from "./freshness.ts";
import type { AreaLiveRules } from "./invalidation.ts";
import { behindBy, hungBy, type Lost, lostBy, shownAsOf, worstOf } from "./lost-connection.ts";
import { useMe } from "./session.tsx";
import type { StreamState } from "./shared-stream.ts";

export interface LiveState {
  state: "connecting" | "live" | "lost";
  /** why and as of when, while it is lost */
  lost: Lost | null;
  /** counts up with each hint that arrived, for the pulse */
  pulse: number;
}

const LiveContext = createContext<LiveState>({ state: "connecting", lost: null, pulse: 0 });
export const useLive = (): LiveState => useContext(LiveContext);

/** apart from the rest, which changes with each hint */
const FreshContext = createContext(0);

interface Answer {
  dataUpdatedAt: number;
  error: unknown;
}

/** As of when an answer is shown that may no longer hold, ms since the epoch; null while it holds. */
export function useAsOf(answer: Answer): number | null {
  const { lost } = useLive();
  return shownAsOf(answer, { lost, from: useContext(FreshContext) });
}

/** Whether an answer is older than the end of an outage, and is read again for that. */
export const useIsBehind = ({ dataUpdatedAt }: Pick<Answer, "dataUpdatedAt">): boolean =>
  shownAsOf({ dataUpdatedAt }, { lost: null, from: useContext(FreshContext) }) !== null;

const RETRY_MS = 5_000;
const LOOK_MS = 1_000;
/** when the page came */
const PAGE_MS = Date.now();

/** What the reads on the page tell of the connection; those that `tell` something are tried again until they do not. */
function useToldByReads(tell: (query: Query) => Lost | null, mayTryAgain: (query: Query) => boolean): Lost | null {
  const queryClient = useQueryClient();
  const last = useRef<Lost | null>(null);
  const read = () => {
    const now = worstOf(queryClient.getQueryCache().getAll().map(tell));
    if (!sameLost(now, last.current)) last.current = now;
    return last.current;
  };
  const told = useSyncExternalStore(
    useCallback((listener) => queryClient.getQueryCache().subscribe(notifyManager.batchCalls(listener)), [queryClient]),
    read,
    () => null,
  );
  const isTold = told !== null;
  const again = useEffectEvent(() => {
    if (document.visibilityState === "visible")
      void queryClient.invalidateQueries({ predicate: (query) => tell(query) !== null && mayTryAgain(query) });
  });
  useEffect(() => {
    if (!isTold) return;
    const timer = setInterval(() => again(), RETRY_MS);
    return () => clearInterval(timer);
  }, [isTold]);
  return told;
}

const always = () => true;
/** a slow read that is begun anew again and again would never end */
const isIdle = (query: Query): boolean => query.state.fetchStatus === "idle";

/** From when on an answer holds; what is older is read again once an outage that only the reads tell of is over. */
function useFreshness(freshness: Freshness, failing: Lost | null): number {
  const isFailing = failing !== null;
  useEffect(() => {
    if (isFailing) return freshness.watchOutage();
  }, [isFailing, freshness]);
  return useSyncExternalStore(
    useCallback((listener) => freshness.subscribe(listener), [freshness]),
    () => freshness.from,
    () => 0,
  );
}

const sameLost = (one: Lost | null, other: Lost | null) => one?.cause === other?.cause && one?.asOf === other?.asOf;

/** Of the reads on the page those that wait for their answer for too long: they end in no error while something hangs. */
function useHungReads(): Lost | null {
  const queryClient = useQueryClient();
  const [hung, setHung] = useState<Lost | null>(null);
  useEffect(() => {
    const cache = queryClient.getQueryCache();
    const begun = new WeakMap<Query, number>();
    const look = () => {
      const now = worstOf(cache.getAll().map((query) => hungBy(query, begun.get(query), Date.now())));
      setHung((before) => (sameLost(before, now) ? before : now));
    };
    const unsubscribe = cache.subscribe((event) => {
      if (event.type === "updated" && event.action.type === "fetch") begun.set(event.query, Date.now());
    });
    const timer = setInterval(look, LOOK_MS);
    return () => {
      unsubscribe();
      clearInterval(timer);
    };
  }, [queryClient]);
  return hung;
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

/** The tab's part in the stream that all tabs of the browser share. */
function useStream(freshness: Freshness, areas: readonly AreaLiveRules[]) {
  const { id: person } = useMe();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const [pulse, setPulse] = useState(0);
  const [stream, setStream] = useState<Stream | null>(null);
  const following = useRef<Following | null>(null);

  useEffect(() => {
    let stopped = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onHint = () => setPulse((before) => before + 1);
    const start = async (late: boolean): Promise<void> => {
      try {
        const { follow, streamAfter } = await import("./follow-hints.ts");
        const onState = (state: StreamState) => setStream((before) => streamAfter(before, state));
        if (!stopped)
          following.current = follow({ client, queryClient, freshness, areas }, { onHint, onState, late, person });
      } catch {
        // the script is not loaded for the same reason for which no stream would be
        if (stopped) return;
        setStream({ state: "lost", at: PAGE_MS, lost: { cause: "connection", asOf: PAGE_MS } });
        timer = setTimeout(() => void start(true), RETRY_MS);
      }
    };
    void start(false);
    return () => {
      stopped = true;
      clearTimeout(timer);
      following.current?.stop();
      following.current = null;
    };
  }, [client, queryClient, freshness, areas, person]);

  return { stream, pulse, following };
}

/** Keeps what the page shows true, and tells since when it is not. */
export function LiveProvider({ areas, children }: { areas: readonly AreaLiveRules[]; children: ReactNode }) {
  const queryClient = useQueryClient();
  const [freshness] = useState(() => new Freshness(queryClient));
  const { stream, pulse, following } = useStream(freshness, areas);
  const failing = useToldByReads(lostBy, always);
  const hung = useHungReads();
  const offlineSince = useOffline(() => {
    following.current?.reopen();
    freshness.missed("all");
  });
  const from = useFreshness(freshness, failing);
  const behind = useToldByReads((query) => behindBy(query, from, Date.now()), isIdle);

  const live = useMemo((): LiveState => {
    const lost = worstOf([
      offlineSince === null ? null : { cause: "connection", asOf: offlineSince },
      stream?.lost ?? null,
      failing,
      hung,
      behind,
    ]);
    const isHeard = lost === null || lost.cause === "behind";
    if (!isHeard) return { state: "lost", lost, pulse };
    return { state: stream?.state === "live" && !lost ? "live" : "connecting", lost, pulse };
  }, [offlineSince, stream, failing, hung, behind, pulse]);

  return (
    <LiveContext value={live}>
      <FreshContext value={from}>{children}</FreshContext>
    </LiveContext>
  );
}
