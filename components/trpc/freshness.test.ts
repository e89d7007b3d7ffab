import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Freshness } from "./freshness.ts";
import { behindBy } from "./lost-connection.ts";

let queryClient = new QueryClient();
let reads: string[] = [];
let answer: () => Promise<string> = async () => "new";

const show = (name: string) =>
  new QueryObserver(queryClient, {
    queryKey: [[name, "list"], { type: "query" }],
    queryFn: () => {
      reads.push(name);
      return answer();
    },
    initialData: "old",
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  }).subscribe(() => undefined);
const behind = (from: number) =>
  queryClient
    .getQueryCache()
    .getAll()
    .filter((query) => behindBy(query, from, Date.now()))
    .map(({ queryKey }) => (queryKey[0] as string[])[0]);

beforeEach(() => {
  vi.useFakeTimers({ now: 100_000 });
  [queryClient, reads, answer] = [new QueryClient(), [], async () => "new"];
});
afterEach(() => {
  queryClient.clear();
  vi.useRealTimers();
});

describe("what may have missed changes", () => {
  it("is shown as old until it is read again, also when no read failed and no hint names it", async () => {
    const freshness = new Freshness(queryClient);
    const open = Promise.withResolvers<string>();
    answer = () => open.promise;
    show("incidents");
    expect(behind(freshness.from)).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    freshness.missed("all");
    expect(behind(freshness.from)).toEqual(["incidents"]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect([reads, behind(freshness.from)]).toEqual([["incidents"], ["incidents"]]);
    open.resolve("new");
    await vi.advanceTimersByTimeAsync(0);
    expect(behind(freshness.from)).toEqual([]);
  });

  it("is read once for a burst of causes, at once by a tab that did not listen, else within seconds at random", async () => {
    const freshness = new Freshness(queryClient);
    show("incidents");
    await vi.advanceTimersByTimeAsync(1_000);
    for (const _ of [1, 2, 3]) freshness.missed("tab");
    await vi.advanceTimersByTimeAsync(150);
    expect(reads).toEqual(["incidents"]);
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    freshness.missed("all");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reads).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(150);
    expect(reads).toHaveLength(2);
    vi.restoreAllMocks();
  });

  it("is all that is older than the last read that failed, and not what was read after it", async () => {
    const freshness = new Freshness(queryClient);
    show("incidents");
    show("audit");
    await vi.advanceTimersByTimeAsync(1_000);
    const over = freshness.watchOutage();
    answer = () => Promise.reject(new TypeError("Failed to fetch"));
    await queryClient.invalidateQueries({ queryKey: [["incidents", "list"]] });
    await vi.advanceTimersByTimeAsync(5_000);
    answer = async () => "new";
    await queryClient.invalidateQueries({ queryKey: [["incidents", "list"]] });
    over();
    expect(behind(freshness.from)).toEqual(["audit"]);
    reads = [];
    await vi.advanceTimersByTimeAsync(2_150);
    expect([reads, behind(freshness.from)]).toEqual([["audit"], []]);
  });
});
