import type { QueryClient } from "@tanstack/react-query";
import type { TRPCClient } from "@trpc/client";
import type { AppRouter } from "#server/routers/index.ts";
import { describeError } from "./error-description.ts";
import type { Freshness } from "./freshness.ts";
import { type AreaLiveRules, type Hint, isStaleAfter } from "./invalidation.ts";
import { type Cause, causeOf, HEARTBEAT_MS, type Lost } from "./lost-connection.ts";
import { leaveForSignIn } from "./query-client.ts";
import { RENDERED_KEY, type Rendered } from "./rendered.ts";
import { type OpenStream, SharedStream, type StreamState } from "./shared-stream.ts";
import { keepTogether } from "./together.ts";

/** Hints come in bursts while something rolls; one refetch per burst is enough. */
const GATHER_MS = 150;
/** A tab that is hidden for so long holds no stream. Whoever only looks elsewhere for a moment keeps it. */
const HIDDEN_MS = 5_000;
/** The server may say to a stream that just opened that hints were missed: that concerns this tab alone. */
const JUST_OPENED_MS = 5_000;

/** `state` of the stream, and since when it is there, else as of when it is not. */
export interface Stream {
  state: StreamState;
  at: number;
  lost: Lost | null;
}

const CAUSE_OF: Record<StreamState, Cause | null> = {
  live: null,
  connecting: null,
  away: "database",
  lost: "connection",
  refused: "stream",
};

/** What is known of the stream after it told its state. */
export const streamAfter = (before: Stream | null, state: StreamState): Stream => {
  const now = Date.now();
  // a silence is only noticed when a heartbeat is missing: what is shown may be as old as that
  const silent = before?.state === "live" ? Math.max(before.at, now - HEARTBEAT_MS) : before?.at;
  const at = state === "live" ? now : (silent ?? now);
  const cause = CAUSE_OF[state];
  return { state, at, lost: cause && { cause, asOf: at } };
};

interface Clients {
  client: TRPCClient<AppRouter>;
  queryClient: QueryClient;
  freshness: Freshness;
  /** what says which queries are stale after a hint */
  areas: readonly AreaLiveRules[];
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
  /** the id of whom the page was made for */
  person: string;
}

/**
 * Follows the system for this tab while it is seen: what a hint says is stale is read again, and everything is once
 * hints may have been missed. A file of its own, loaded after the page: no page needs it to be used.
 */
export function follow(
  { client, queryClient, freshness, areas }: Clients,
  { onHint, onState, late, person }: Told,
): Following {
  let gathered: Hint[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const readStale = () => {
    const hints = gathered;
    gathered = [];
    timer = undefined;
    void queryClient.invalidateQueries({ predicate: (query) => isStaleAfter(query.queryKey, hints, areas) });
  };
  const gather = (hint: Hint) => {
    gathered.push(hint);
    timer ??= setTimeout(readStale, GATHER_MS);
  };
  let told: { state: StreamState; at: number } = { state: "connecting", at: Date.now() };
  const missed = () => {
    const isOwn = told.state === "connecting" || (told.state === "live" && Date.now() - told.at < JUST_OPENED_MS);
    freshness.missed(isOwn ? "tab" : "all");
  };
  const stream = new SharedStream(
    openWith(client),
    {
      onHint(hint) {
        if (hint.topic === "reset") missed();
        else gather(hint);
        onHint();
      },
      onState(state) {
        told = { state, at: Date.now() };
        onState(state);
      },
      onCatchUp: missed,
    },
    {
      channel: `operate-live-3-${person}`,
      shownAfter: late ? null : (queryClient.getQueryData<Rendered>(RENDERED_KEY)?.after ?? null),
    },
  );
  const leave = whileSeen(stream);
  const endTogether = keepTogether(queryClient);
  const unsubscribe = whenRendered(queryClient, (rendered) => {
    if (rendered.person === person) stream.shown(rendered.after);
    else window.location.reload();
  });
  return {
    reopen: () => stream.reopen(),
    stop() {
      clearTimeout(timer);
      unsubscribe();
      endTogether();
      leave();
    },
  };
}

/** Tells of each page that the server made for this tab from now on, once it is drawn or about to be. */
function whenRendered(queryClient: QueryClient, tell: (rendered: Rendered) => void): () => void {
  return queryClient.getQueryCache().subscribe((event) => {
    const isNew = event.type === "added" || (event.type === "updated" && event.action.type === "setState");
    const { query } = event;
    if (!isNew || query.queryKey[0] !== RENDERED_KEY[0]) return;
    // the cache takes it over while React draws, when nothing else may change
    setTimeout(() => {
      const rendered = query.state.data as Rendered | undefined;
      if (rendered) tell(rendered);
    });
  });
}

const openWith =
  (client: TRPCClient<AppRouter>): OpenStream =>
  (lastEventId, on) =>
    client.live.events.subscribe(lastEventId === null ? undefined : { lastEventId }, {
      onData: ({ id, data: { topic, subjectId } }) => {
        if (topic === "database_away") on.state("away");
        else if (topic === "database_back") on.state("live");
        else on.hint(id, { topic, subjectId });
      },
      onConnectionStateChange: ({ state, error }) => {
        if (state === "pending") on.state("live");
        else if (state === "connecting") on.state(error ? "lost" : "connecting");
      },
      onError: (error) => {
        if (describeError(error).code === "UNAUTHORIZED") leaveForSignIn();
        on.ended(causeOf(error) === "database" ? "away" : "refused");
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
