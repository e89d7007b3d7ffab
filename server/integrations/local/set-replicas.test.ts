import { expect, it } from "vitest";
import type { InstanceState, PlatformInstance } from "#server/agent/ports/workloads.ts";
import { replicasOf, surplusReplicas } from "./set-replicas.ts";

const instance = (id: string, version: string, state: InstanceState, second: number) =>
  ({ id, version, state, createdAt: new Date(second * 1_000).toISOString() }) as PlatformInstance;

it.each([
  [3, []],
  [2, ["starting"]],
  [1, ["starting", "newest"]],
  [0, ["starting", "newest", "oldest"]],
])("of three, %i stay: those that are not ready leave first, then the newest", (replicas, expected) => {
  const staying = [
    instance("oldest", "1", "ready", 1),
    instance("starting", "1", "starting", 2),
    instance("newest", "1", "ready", 3),
  ];
  expect(surplusReplicas(staying, replicas).map((one) => one.id)).toEqual(expected);
});

it("counts what is wanted and what is ready of each version, without what leaves", () => {
  const all = [
    instance("a", "1", "ready", 1),
    instance("b", "1", "draining", 1),
    instance("c", "2", "starting", 2),
    instance("d", "2", "ready", 2),
  ];
  expect(replicasOf(all)).toEqual([
    { version: "1", desired: 1, ready: 1 },
    { version: "2", desired: 2, ready: 1 },
  ]);
});
