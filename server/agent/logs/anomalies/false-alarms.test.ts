import { describe, expect, it } from "vitest";
import type { Anomaly, LogHistory, PatternHistory, ServiceHistory } from "./anomaly.ts";
import { findBrokenSequences } from "./broken-sequences.ts";
import { findAnomalies } from "./index.ts";
import { countEnds, countSteps, createSequenceCounts, type TraceStep } from "./sequences.ts";

/** Traffic in which nothing happens: whatever is found in it is a false alarm. */

const RUNS = 60;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed * 2_654_435_769;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function poisson(mean: number, random: () => number): number {
  if (mean > 50) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  let [count, product] = [0, random()];
  for (const limit = Math.exp(-mean); product > limit; count++) product *= random();
  return count;
}

interface Traffic {
  stepMs: number;
  buckets: number;
  /** lines come in clumps of this mean size */
  clump: number;
  days: number;
}

/** Three services of twenty patterns with rates from one a day to thousands an hour, over a day that swings by 60 %. */
function quietLogs(seed: number, { stepMs, buckets, clump, days }: Traffic): LogHistory {
  const random = randomOf(seed);
  const windowMs = stepMs * buckets;
  const fromMs = Date.parse("2026-11-25T00:00:00Z") + Math.floor(random() * 24) * HOUR_MS;
  const season = (atMs: number) => 1 + 0.6 * Math.sin((2 * Math.PI * (atMs % DAY_MS)) / DAY_MS);
  const draw = (perHour: number, startMs: number) =>
    Array.from({ length: buckets }, (_, i) => {
      const mean = (perHour * season(startMs + i * stepMs) * stepMs) / HOUR_MS;
      if (clump === 1) return poisson(mean, random);
      const clumps = poisson(mean / clump, random);
      let lines = 0;
      for (let c = 0; c < clumps; c++) lines += 1 + poisson(clump - 1, random);
      return lines;
    });
  const patterns: PatternHistory[] = [];
  const services: ServiceHistory[] = [];
  for (const service of ["a", "b", "c"]) {
    const own = Array.from({ length: 20 }, (_, i): PatternHistory => {
      const perHour = 10 ** (random() * 5 - 1.4);
      return {
        ...{ patternId: `${service}${i}`, template: `pattern ${i}`, service, environment: "prod" },
        ...{ level: i % 5 === 0 ? "error" : "info", firstSeenMs: fromMs - 30 * DAY_MS },
        counts: draw(perHour, fromMs),
        before: draw(perHour, fromMs - windowMs),
        earlierDays: Array.from({ length: days }, (_, d) => draw(perHour, fromMs - (d + 1) * DAY_MS)),
      };
    });
    const total = (key: "counts" | "before", only: (pattern: PatternHistory) => boolean) =>
      Array.from({ length: buckets }, (_, i) =>
        own.filter(only).reduce((sum, pattern) => sum + (pattern[key][i] ?? 0), 0),
      );
    const isError = ({ level }: PatternHistory) => level === "error";
    patterns.push(...own);
    services.push({
      ...{ service, environment: "prod", runningSinceMs: fromMs - windowMs },
      ...{ lines: total("counts", () => true), linesBefore: total("before", () => true) },
      ...{ errors: total("counts", isError), errorsBefore: total("before", isError) },
    });
  }
  return { grid: { fromMs, stepMs, buckets }, patterns, services };
}

function alarmsIn(runs: number, find: (seed: number) => Anomaly[]): { perAnalysis: number; kinds: string } {
  const kinds = new Map<string, number>();
  let total = 0;
  for (let seed = 1; seed <= runs; seed++)
    for (const { kind } of find(seed)) {
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      total++;
    }
  return { perAnalysis: total / runs, kinds: JSON.stringify(Object.fromEntries(kinds)) };
}

describe("false alarms in an analysis of 60 patterns in which nothing happens", () => {
  const minute = { stepMs: 60_000, buckets: 60 };
  it.each<[string, Traffic, number]>([
    ["an hour by minutes", { ...minute, clump: 1, days: 0 }, 0.05],
    ["an hour by minutes, with three earlier days", { ...minute, clump: 1, days: 3 }, 0.05],
    ["an hour by minutes, lines in clumps of five", { ...minute, clump: 5, days: 0 }, 0.1],
    ["a quarter of an hour by ten seconds", { stepMs: 10_000, buckets: 90, clump: 1, days: 0 }, 0.05],
    ["a day by quarters of an hour", { stepMs: 900_000, buckets: 96, clump: 1, days: 0 }, 0.05],
    ["six hours by five minutes, in clumps", { stepMs: 300_000, buckets: 72, clump: 5, days: 0 }, 0.1],
  ])("%s", (_, traffic, most) => {
    const { perAnalysis, kinds } = alarmsIn(RUNS, (seed) => findAnomalies(quietLogs(seed, traffic)));
    expect(perAnalysis, kinds).toBeLessThanOrEqual(most);
  });

  it("traces that branch as they did before", () => {
    const find = (seed: number) => {
      const random = randomOf(seed);
      const [before, now] = [createSequenceCounts(), createSequenceCounts()];
      for (const counts of [before, now]) {
        countSteps(counts, branchingTraces(400, random));
        countEnds(counts, Number.POSITIVE_INFINITY);
      }
      return findBrokenSequences(now, before, new Map());
    };
    const { perAnalysis, kinds } = alarmsIn(RUNS, find);
    expect(perAnalysis, kinds).toBeLessThanOrEqual(0.05);
  });
});

/** Traces over ten patterns with a frequent way, rarer branches, loops, and now and then an early end. */
function* branchingTraces(traces: number, random: () => number): Generator<TraceStep> {
  const place = { service: "shop", environment: "prod" };
  for (let trace = 0; trace < traces; trace++) {
    let step = 0;
    for (let at = 0; step < 10 && random() > 0.004; at++) {
      yield { ...place, traceId: String(trace), patternId: `p${step}`, atMs: trace * 1_000 + at };
      step = random() < 0.05 ? step : random() < 0.01 ? Math.floor(random() * 10) : step + 1;
    }
  }
}
