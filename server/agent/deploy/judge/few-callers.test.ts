import { expect, it } from "vitest";
import { TrafficRing } from "#server/integrations/local/balancer/traffic-ring.ts";
import { DEFAULT_RULES } from "../config.ts";
import { judge } from "./index.ts";

const T0 = Date.parse("2026-03-01T10:00:00Z");
const SECONDS = 60;
const REF = { service: "shop", environment: "production" };

/** A minute in which every tenth request to 1.1.0 ends in 404: of so many callers, in turn. */
function judged(callers: number) {
  const ring = new TrafficRing();
  for (let second = 0; second < SECONDS; second++) {
    const atMs = T0 + second * 1_000;
    for (let i = 0; i < 95; i++) ring.record("1.0.0", "status2xx", 20, atMs, { caller: i });
    for (let i = 0; i < 9; i++) ring.record("1.1.0", "status2xx", 20, atMs, { caller: 1_000 + i });
    ring.record("1.1.0", "status4xx", 20, atMs, { caller: 2_000 + (second % callers) });
  }
  const rows = ring.samplesSince(REF, T0, T0 + SECONDS * 1_000 + 500);
  const of = (version: string) => rows.filter((row) => row.version === version);
  return judge({
    ...{ baselineVersion: "1.0.0", candidateVersion: "1.1.0", minRequests: 200, dependents: [] },
    ...{ from: new Date(T0).toISOString(), to: new Date(T0 + SECONDS * 1_000).toISOString() },
    ...{ baseline: of("1.0.0"), candidate: of("1.1.0"), rules: DEFAULT_RULES.analysis },
    ...{ leftOut: { baseline: 0, candidate: 0 }, failingPercent: 10 },
  });
}

it.each([1, 3])("%i callers alone do not fail a version: a person is asked", (callers) => {
  const { result, tooLittle, fewRequests } = judged(callers);
  expect(result.verdict).toBe("inconclusive");
  expect(result.sentence).toMatch(/^what speaks against 1\.1\.0 comes from no more than three callers: .*4xx/);
  expect([tooLittle, fewRequests]).toEqual([false, false]);
});

it.each([20, 60])("a version that %i callers find worse fails", (callers) => {
  expect(judged(callers).result.verdict).toBe("fail");
});
