import { dehydrate, hydrate, QueryClient, QueryObserver } from "@tanstack/react-query";
import type { TRPCClient } from "@trpc/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AppRouter } from "#server/routers/index.ts";
import { AREAS } from "../areas.ts";
import { type Following, follow, streamAfter } from "./follow-hints.ts";
import { Freshness } from "./freshness.ts";
import { RENDERED_KEY, type Rendered } from "./rendered.ts";

interface Hinting {
  onData: (event: { id: string; data: { topic: string; subjectId: null } }) => void;
  onConnectionStateChange: (change: { state: string; error: null }) => void;
}

const ADA = "ada";
let reload = vi.fn();
let reads = 0;
let states: string[] = [];
let queryClient = new QueryClient();
let opened: { lastEventId: string | undefined; on: Hinting }[] = [];
let following: Following | undefined;

/** What a page brings that the server made for this person when this hint was the newest. */
function render(rendered: Rendered, at: number): void {
  const server = new QueryClient();
  server.setQueryData(RENDERED_KEY, rendered, { updatedAt: at });
  hydrate(queryClient, dehydrate(server));
}

async function start(late = false): Promise<Hinting> {
  const subscribe = (input: { lastEventId: string } | undefined, on: Hinting) => {
    opened.push({ lastEventId: input?.lastEventId, on });
    on.onConnectionStateChange({ state: "pending", error: null });
    return { unsubscribe: () => undefined };
  };
  const client = { live: { events: { subscribe } } } as unknown as TRPCClient<AppRouter>;
  const person = `${ADA}-${Math.random()}`;
  render({ person, after: "40" }, 1);
  new QueryObserver(queryClient, {
    queryKey: [["incidents", "list"], { type: "query" }],
    queryFn: () => ++reads,
    initialData: 0,
    staleTime: Number.POSITIVE_INFINITY,
  }).subscribe(() => undefined);
  const told = { onHint: () => undefined, onState: (state: string) => void states.push(state) };
  following = follow(
    { client, queryClient, freshness: new Freshness(queryClient), areas: AREAS },
    { ...told, late, person },
  );
  await vi.waitFor(() => expect(opened).toHaveLength(1), { timeout: 10_000, interval: 5 });
  navigate = (after, at, who = person) => render({ person: who, after }, at);
  return (opened[0] as (typeof opened)[0]).on;
}
let navigate: (after: string, at: number, who?: string) => void = () => undefined;
const readTimes = (times: number) => vi.waitFor(() => expect(reads).toBe(times), { timeout: 10_000, interval: 5 });

beforeEach(() => {
  [reload, reads, queryClient, opened, states] = [vi.fn(), 0, new QueryClient(), [], []];
  vi.stubGlobal("document", Object.assign(new EventTarget(), { visibilityState: "visible" }));
  vi.stubGlobal("window", Object.assign(new EventTarget(), { location: { reload } }));
});
afterEach(() => {
  following?.stop();
  queryClient.clear();
  vi.unstubAllGlobals();
});

describe("a tab that follows", () => {
  it("begins behind what the server knew when it made the page, and reads nothing twice", async () => {
    const on = await start();
    expect(opened[0]?.lastEventId).toBe("40");
    on.onData({ id: "41", data: { topic: "incident", subjectId: null } });
    await readTimes(1);
  });

  it("reads everything again when it begins late", async () => {
    await start(true);
    expect(opened[0]?.lastEventId).toBeUndefined();
    await readTimes(1);
  });

  it("reads again what changed while another page was made, and all when that is not known", async () => {
    const on = await start();
    on.onData({ id: "41", data: { topic: "audit", subjectId: null } });
    on.onData({ id: "42", data: { topic: "incident", subjectId: null } });
    await readTimes(1);
    navigate("41", 2);
    await readTimes(2);
    navigate("7", 3);
    await readTimes(3);
    expect(reload).not.toHaveBeenCalled();
  });

  it("tells what the stream says of the database, reads all once it is back, and takes neither for news", async () => {
    const on = await start();
    on.onData({ id: "40", data: { topic: "database_away", subjectId: null } });
    expect(states).toEqual(["live", "away"]);
    on.onData({ id: "40", data: { topic: "database_back", subjectId: null } });
    expect(states).toEqual(["live", "away", "live"]);
    await readTimes(1);
    expect(streamAfter({ state: "live", at: 5, lost: null }, "away").lost?.cause).toBe("database");
  });

  it("reads all again when the server says that hints were missed", async () => {
    const on = await start();
    on.onData({ id: "41", data: { topic: "reset", subjectId: null } });
    await readTimes(1);
  });

  it("is loaded anew once the server makes a page of it for somebody else", async () => {
    await start();
    navigate("40", 2, "bob");
    await vi.waitFor(() => expect(reload).toHaveBeenCalledOnce(), { timeout: 10_000, interval: 5 });
  });
});
