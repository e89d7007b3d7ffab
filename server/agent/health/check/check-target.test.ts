import { expect, it } from "vitest";
import type { ProbeResult } from "../../ports/prober.ts";
import type { Workloads } from "../../ports/workloads.ts";
import { createCheckTarget } from "./check-target.ts";
import type { PlannedTarget } from "./targets.ts";

const target = {
  timeoutMs: 1_000,
  probe: { balancer: { service: "web", environment: "staging" }, path: "/healthz" },
} as PlannedTarget;

type Overload = { since: string; shed: number } | null;
const check = (overloaded: Overload, found: Partial<ProbeResult>, notice: string | null = null) => {
  const workloads = {
    getService: async () => ({
      ...{
        url: "http://127.0.0.1:1",
        ...{ overloaded, notice },
        problem: null,
        configured: true,
        instances: [{ state: "ready", configured: true, version: "1" }],
      },
    }),
  } as unknown as Workloads;
  const result = { outcome: "up", latencyMs: 1, statusCode: 200, message: null, ...found } as ProbeResult;
  return createCheckTarget({ platform: { workloads } }, { probe: async () => result })(target);
};
const OVERLOADED = { since: "2026-01-01T00:00:00.000Z", shed: 7 };

it.each([
  [null, {}, "up", null],
  [OVERLOADED, {}, "degraded", "the balancer is overloaded: it turned away 7 requests lately"],
  [
    OVERLOADED,
    { outcome: "down", statusCode: 503, message: "answered 503" },
    "down",
    "answered 503; the balancer is overloaded: it turned away 7 requests lately",
  ],
] as const)(
  "says of a balancer that is overloaded (%j) and answers %j: %s",
  async (overloaded, found, outcome, message) => {
    expect(await check(overloaded, found)).toMatchObject({ outcome, message });
  },
);

it("says what the platform decided by itself, beside what else is wrong", async () => {
  const notice = "the state of web/staging is older than what runs";
  expect(await check(null, {}, notice)).toMatchObject({ outcome: "degraded", message: notice });
  const both = `the balancer is overloaded: it turned away 7 requests lately; ${notice}`;
  expect(await check(OVERLOADED, {}, notice)).toMatchObject({ outcome: "degraded", message: both });
});
