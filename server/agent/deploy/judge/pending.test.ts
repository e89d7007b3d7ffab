import { expect, it } from "vitest";
import type { TrafficCounts } from "../../ports/traffic.ts";
import { bucketOf, emptyHistogram } from "../../telemetry/histogram.ts";
import { failedRequests, noOutcomes } from "../../telemetry/outcomes.ts";
import { countPending, withPending } from "./pending.ts";

const histogram = (...parts: [ms: number, count: number][]): number[] => {
  const made = emptyHistogram();
  for (const [ms, count] of parts) made[bucketOf(ms)]! += count;
  return made;
};
const row = (more: Partial<TrafficCounts>): TrafficCounts => ({
  ...noOutcomes(),
  ...{ service: "a", environment: "b", version: "1", bucketAt: "2026-03-01T10:00:00.000Z" },
  usage: { cpuMs: null, memoryBytes: null, errorLines: null, instances: 1, inFlight: null },
  ...more,
});

it("counts who has waited longer than the limit as failed, and nobody else", () => {
  const waits = row({ requests: 10, status2xx: 10, pending: histogram([300, 5], [900, 2], [40_000, 3]) });
  const [counted] = countPending([waits], 2_000);
  expect(counted).toMatchObject({ requests: 13, clientLeft: 3, status2xx: 10 });
  expect(failedRequests(counted!, 2_000)).toBe(3);
  expect(countPending([counted!], 2_000)).toEqual([counted]);
  expect(countPending([row({ requests: 1 })], 2_000)).toEqual([row({ requests: 1 })]);
});

it("keeps those that left, and goes by the rows it is compared with: long polls are no failure", () => {
  const leftAfter = histogram([5_000, 4]);
  const waits = row({ requests: 4, clientLeft: 4, leftAfter, pending: histogram([20_000, 6]) });
  expect(withPending([waits])[0]).toMatchObject({ requests: 10, clientLeft: 10 });
  expect(withPending([waits])[0]?.leftAfter).toEqual(histogram([5_000, 4], [20_000, 6]));
  const polled = row({ requests: 100, status2xx: 100, latency: histogram([20, 90], [30_000, 10]) });
  const polling = row({ requests: 88, status2xx: 88, latency: histogram([20, 88]), pending: histogram([20_000, 12]) });
  expect(withPending([polling], [polled])).toEqual([polling]);
  const hanging = { ...polling, pending: histogram([20_000, 40]) };
  expect(withPending([hanging], [polled])[0]).toMatchObject({ requests: 128, clientLeft: 40 });
});

it("counts all of a version that answers nobody, whatever it is compared with", () => {
  const hanging = row({ pending: histogram([20_000, 40]) });
  for (const reference of [[hanging], [], [row({})]])
    expect(withPending([hanging], reference)[0]).toMatchObject({ requests: 40, clientLeft: 40 });
});
