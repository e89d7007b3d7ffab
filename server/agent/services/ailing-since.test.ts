import { describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "../config.ts";
import { emptyHistogram } from "../kernel/histogram.ts";
import { noOutcomes } from "../kernel/outcomes.ts";
import { limitsOf } from "../kernel/service-limits.ts";
import type { TrafficCounts } from "../ports/platform.ts";
import { ailingSince } from "./ailing-since.ts";

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

describe("since when a service is ailing", () => {
  const now = at("16:38:30");
  it.each([
    // a deployment at 16:36:14.994 is the cause: nothing that it did is said to be before it
    [
      "the end of the first ten seconds that show it",
      [CALM, FIRST, NEXT],
      [
        bucket("16:36:00", 100, 0),
        bucket("16:36:10", 100, 30),
        bucket("16:36:20", 100, 100),
        bucket("16:37:00", 100, 100),
      ],
      "16:36:20",
    ],
    [
      "the end of the minute where no finer counts are kept",
      [CALM, FIRST, NEXT],
      [bucket("16:37:00", 100, 100)],
      "16:37:00",
    ],
    [
      "the end of the minute where its last ten seconds do not show it",
      [FIRST],
      [bucket("16:36:10", 1, 1), bucket("16:36:50", 100, 0)],
      "16:37:00",
    ],
    ["the last break on", [FIRST, bucket("16:37:00", 600, 0), bucket("16:38:00", 300, 300)], [], "16:38:30"],
    ["not later than now", [bucket("16:38:00", 300, 300)], [bucket("16:38:20", 100, 100)], "16:38:30"],
  ])("is %s", (_, minutes, recent, wanted) => {
    expect(ailingSince("failing", { minutes, recent, now }, limits)).toBe(at(wanted).toISOString());
  });

  it("is not known where requests do not tell", () => {
    expect(ailingSince("down", { minutes: [FIRST], recent: [], now }, limits)).toBeNull();
    expect(ailingSince("failing", { minutes: [CALM], recent: [], now }, limits)).toBeNull();
  });
});
