import { describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "../config.ts";
import type { HealthState } from "../health/schema.ts";
import type { TrafficCounts } from "../ports/traffic.ts";
import { emptyHistogram } from "../telemetry/histogram.ts";
import { noOutcomes } from "../telemetry/outcomes.ts";
import { limitsOf } from "../telemetry/service-limits.ts";
import { statusSince } from "./status-since.ts";

const limits = limitsOf(OperateAgentConfigSchema.parse({}), "checkout");
const at = (time: string) => new Date(`2026-03-01T${time}Z`);

const bucket = (time: string, requests: number, failed: number): TrafficCounts => ({
  ...{ ...noOutcomes(), service: "checkout", environment: "production", version: "1.0.0", requests },
  ...{ bucketAt: at(time).toISOString(), latency: emptyHistogram() },
  ...{ status2xx: requests - failed, status5xx: failed },
  usage: { cpuMs: null, memoryBytes: null, instances: null, inFlight: null, errorLines: null },
});
const CALM = bucket("16:35:00", 600, 0);
const FIRST = bucket("16:36:00", 600, 300);
const NEXT = bucket("16:37:00", 600, 600);

const NOW = at("16:38:30");
const NOBODY = { platformSince: null, waitingSince: null };
const probe = (state: HealthState, time: string) => ({ state, since: at(time).toISOString() });
type Rows = ReturnType<typeof bucket>[];
const sinceOf = (
  state: HealthState,
  { minutes = [], recent = [], ...of }: { minutes?: Rows; recent?: Rows; probe?: ReturnType<typeof probe> },
  kind: "errors" | "probe" | "late" = "errors",
) => {
  const reasons = state === "up" ? [] : [{ kind, state, message: "" }];
  const origins = { ...NOBODY, probe: of.probe ?? probe("up", "16:38:00") };
  return statusSince({ state, reasons, unjudged: [] }, origins, { minutes, recent, now: NOW }, limits);
};
const exactly = (time: string) => ({ at: at(time).toISOString(), atLeast: null });
/** So many buckets of ten seconds, each of 100 requests. */
const tens = (time: string, count: number, failed: number) =>
  Array.from({ length: count }, (_, i) => ({
    ...bucket(time, 100, failed),
    bucketAt: new Date(at(time).getTime() + i * 10_000).toISOString(),
  }));
const ever = (failed: number) =>
  Array.from({ length: 60 }, (_, i) => ({
    ...bucket("15:39:00", 600, failed),
    bucketAt: new Date(at("15:39:00").getTime() + i * 60_000).toISOString(),
  }));

describe("since when the status holds", () => {
  it.each([
    // a deployment at 16:36:14.994 is the cause: nothing that it did is said to be before it
    [
      "the end of the first ten seconds that show it",
      [CALM, FIRST, NEXT],
      [
        bucket("16:36:00", 100, 0),
        bucket("16:36:10", 100, 40),
        bucket("16:36:20", 100, 100),
        bucket("16:37:00", 600, 600),
        bucket("16:38:10", 100, 100),
      ],
      "16:36:20",
    ],
    [
      "the end of the minute where no finer counts are kept",
      [CALM, FIRST, NEXT],
      [bucket("16:37:00", 100, 100), bucket("16:38:10", 100, 100)],
      "16:37:00",
    ],
    [
      "the last break on",
      [FIRST],
      [bucket("16:37:00", 600, 0), bucket("16:37:50", 300, 300), bucket("16:38:10", 300, 300)],
      "16:38:00",
    ],
  ])("is %s", (_, minutes, recent, wanted) => {
    expect(sinceOf("failing", { minutes, recent })).toEqual(exactly(wanted));
  });

  it("is after the failure that is over, not since the check began to answer", () => {
    const over = { minutes: [CALM, FIRST], recent: tens("16:37:00", 8, 0) };
    const { at: since } = sinceOf("up", { ...over, probe: probe("up", "16:00:00") });
    expect(since).toBe(at("16:37:10").toISOString());
  });

  it("is as the check says where requests were never worse, and unknown beyond the hour that is known", () => {
    expect(sinceOf("up", { minutes: ever(0), probe: probe("up", "16:00:00") })).toEqual(exactly("16:00:00"));
    const bound = { at: null, atLeast: at("15:40:00").toISOString() };
    expect(sinceOf("up", { minutes: ever(0), probe: probe("up", "11:00:00") })).toEqual(bound);
    expect(sinceOf("failing", { minutes: ever(300) })).toEqual(bound);
    expect(sinceOf("down", { minutes: ever(300), probe: probe("down", "11:00:00") }, "probe")).toEqual(
      exactly("11:00:00"),
    );
  });

  it("is the earlier of check and requests, and later than what was worse", () => {
    const slight = { minutes: [CALM, FIRST], recent: tens("16:37:00", 8, 4) };
    const told = { ...slight, probe: probe("degraded", "16:20:00") };
    expect(sinceOf("degraded", told)).toEqual(exactly("16:37:10"));
    expect(sinceOf("degraded", { minutes: [CALM], probe: probe("degraded", "16:20:00") }, "probe")).toEqual(
      exactly("16:20:00"),
    );
  });

  it("is now at least where nothing tells when it began", () => {
    const now = { at: null, atLeast: NOW.toISOString() };
    expect(sinceOf("failing", { minutes: [CALM] }, "late")).toEqual(now);
    // a service whose check does not stand in the database yet
    const unknown = { state: "unknown" as const, reasons: [], unjudged: [] };
    expect(statusSince(unknown, { ...NOBODY, probe: null }, { minutes: [], recent: [], now: NOW }, limits)).toEqual(
      now,
    );
  });
});
