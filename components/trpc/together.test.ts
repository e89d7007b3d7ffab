import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { READ_TOGETHER } from "./read-together.ts";
import { keepTogether } from "./together.ts";

let queryClient = new QueryClient();
let reads: [string, number][] = [];
let end: () => void = () => undefined;

const show = (name: string, options: { meta?: Record<string, unknown> }) =>
  new QueryObserver(queryClient, {
    queryKey: [name],
    queryFn: () => {
      reads.push([name, Date.now() / 1_000]);
      return name;
    },
    staleTime: 10_000,
    ...options,
  }).subscribe(() => undefined);

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  [queryClient, reads] = [new QueryClient(), []];
  end = keepTogether(queryClient);
});
afterEach(() => {
  end();
  queryClient.clear();
  vi.useRealTimers();
});

const readAgain = (...names: string[]) =>
  queryClient.invalidateQueries({ predicate: ({ queryKey }) => names.includes(String(queryKey[0])) });

it("reads what says how the system is in one moment, however often each asks, and nothing twice", async () => {
  show("state line", READ_TOGETHER);
  show("page", READ_TOGETHER);
  show("audit", {});
  await vi.advanceTimersByTimeAsync(10_000);
  await readAgain("page", "state line");
  await vi.advanceTimersByTimeAsync(10_000);
  await readAgain("page");
  await vi.advanceTimersByTimeAsync(1_000);
  await readAgain("audit");
  const both = (at: number) => [`page ${at}`, `state line ${at}`];
  expect(reads.map((read) => read.join(" ")).toSorted()).toEqual(
    ["audit 0", "audit 21", ...both(0), ...both(10), ...both(20)].toSorted(),
  );
});

it("reads the others when one changes by a hint, and those that are older beside a page that opens", async () => {
  show("state line", READ_TOGETHER);
  const leave = show("page", READ_TOGETHER);
  await vi.advanceTimersByTimeAsync(5_000);
  reads = [];
  await readAgain("page");
  await vi.advanceTimersByTimeAsync(0);
  expect(reads.map(([name]) => name).toSorted()).toEqual(["page", "state line"]);
  leave();
  await vi.advanceTimersByTimeAsync(5_000);
  reads = [];
  queryClient.setQueryData(["made by the server"], "new");
  show("made by the server", READ_TOGETHER);
  await vi.advanceTimersByTimeAsync(0);
  expect(reads.map(([name]) => name)).toEqual(["state line"]);
  await vi.advanceTimersByTimeAsync(5_000);
  await readAgain("state line");
  reads = [];
  await vi.advanceTimersByTimeAsync(3_000);
  // fresh enough for itself, older than the state line
  show("page", READ_TOGETHER);
  await vi.advanceTimersByTimeAsync(0);
  expect(reads.map(([name]) => name)).toContain("page");
});
