import type { QueryClient } from "@tanstack/react-query";
import type { TRPCClient } from "@trpc/client";
import type { AppRouter } from "#server/routers/index.ts";
import { HEARTBEAT_MS, type Lost } from "./connection.ts";
import { describeError } from "./errors.ts";
import { type Hint, isStaleAfter } from "./invalidation.ts";
import { leaveForSignIn } from "./query-client.ts";
import { type OpenStream, SharedStream, type StreamState } from "./shared-stream.ts";

/** Hints come in bursts while something rolls; one refetch per burst is enough. */
const GATHER_MS = 150;
/** A tab that is hidden for so long holds no stream. Whoever only looks elsewhere for a moment keeps it. */
const HIDDEN_MS = 5_000;

/** `state` of the stream, and since when it is there, else as of when it is not. */
export interface Stream {
  state: StreamState;
  at: number;
  lost: Lost | null;
}

/** What is known of the stream after it told its state. */
export const streamAfter = (before: Stream | null, state: StreamState): Stream => {
  const now = Date.now();
  // a silence is only noticed when a heartbeat is missing: what is shown may be as old as that
  const silent = before?.state === "live" ? Math.max(before.at, now - HEARTBEAT_MS) : before?.at;
  const at = state === "live" ? now : (silent ?? now);
  if (state === "live" || state === "connecting") return { state, at, lost: null };
  return { state, at, lost: { cause: state === "refused" ? "stream" : "connection", asOf: at } };
};

interface Clients {
  client: TRPCClient<AppRouter>;
  queryClient: QueryClient;
}

export interface Following {
  /** the network is back: the stream is opened anew */
  reopen: () => void;
  stop: () => void;
}

interface Told {
  onHint: () => void;
  onState: (state: StreamState) => void;
  /** hints may have been missed before this call */
  late: boolean;
}

/**
 * Follows the system for this tab while it is seen: what a hint says is stale is read again, and everything is once
 * hints may have been missed. A file of its own, loaded after the page: no page needs it to be used.
 */
export function follow({ client, queryClient }: Clients, { onHint, onState, late }: Told): Following {
  let gathered: Hint[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const readStale = () => {
    const hints = gathered;
    gathered = [];
    timer = undefined;
    void queryClient.invalidateQueries({ predicate: (query) => isStaleAfter(query.queryKey, hints) });
  };
  const stream = new SharedStream(openWith(client), {
    onHint(hint) {
      gathered.push(hint);
      timer ??= setTimeout(readStale, GATHER_MS);
      onHint();
    },
    onState,
    onCatchUp: () => void queryClient.invalidateQueries(),
  });
  if (late) stream.giveUp();
  const leave = whileSeen(stream);
  return {
    reopen: () => stream.reopen(),
    stop() {
      clearTimeout(timer);
      leave();
    },
  };
}

const openWith =
  (client: TRPCClient<AppRouter>): OpenStream =>
  (lastEventId, on) =>
    client.live.events.subscribe(lastEventId === null ? undefined : { lastEventId }, {
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
    }).unsubscribe;

/** Takes the stream up while the tab is seen, and gives it up once it is hidden for a while or left. */
function whileSeen(stream: SharedStream): () => void {
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
}
