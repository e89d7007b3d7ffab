import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { createOutboundClient } from "#server/integrations/http/client.ts";
import { createPrometheusSource } from "#server/integrations/prometheus/index.ts";
import { useDatabase } from "#server/testing/database.ts";
import { isInstalled, named, startPrometheus } from "#server/testing/monitoring-servers.ts";
import { SENDER } from "#server/testing/telemetry/records.ts";
import {
  askHoles,
  askSteady,
  FAILED,
  HOUR_MS,
  holedCounters,
  INTERVALS,
  type IntervalSeconds,
  largestMiss,
  PER_MINUTE,
  type SteadyQuestion,
  steadyCounter,
  steadyHistogram,
  steadyMetric,
  steadyQuestions,
  steadySeries,
  WINDOW_HOURS,
} from "#server/testing/telemetry/steady-series.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

/** The same series in the built-in store and in a Prometheus, sampled at five intervals; `npm run bench:rates` has a week of each. */

/** a multiple of all steps: one that goes on after it would be known in part */
const endMs = Math.floor(Date.now() / (2 * HOUR_MS)) * 2 * HOUR_MS - 2 * HOUR_MS;
/** the finer ones are shorter: a week of samples every five seconds is much to write for a test */
const HISTORY_HOURS: Record<IntervalSeconds, number> = { 5: 7, 15: 25, 30: 25, 60: 169, 120: 169 };
/** one counter each of a whole week */
const WEEKLY = [5, 15, 30] as const;

const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
let store: BuiltinStore;
beforeAll(async () => {
  store = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(endMs + HOUR_MS / 2) });
  const weeks = WEEKLY.map((seconds) => steadyCounter(`week_${seconds}_total`, seconds, 169, endMs));
  for (const one of [...INTERVALS.flatMap(seriesAt), ...weeks])
    expect((await store.writeSamples([one], SENDER)).rejected).toEqual([]);
}, 120_000);
afterAll(() => store.close());

const seriesAt = (seconds: IntervalSeconds) => [
  ...steadySeries(seconds, HISTORY_HOURS[seconds], endMs),
  ...holedCounters(seconds, endMs),
];
const windowsOf = (seconds: IntervalSeconds) => WINDOW_HOURS.filter((hours) => hours < HISTORY_HOURS[seconds]);
const ask = (question: SteadyQuestion, hours: number) =>
  askSteady(store.metrics, question, { hours, endMs, least: 15 });

const expectNear = (values: readonly (number | null)[], wanted: number) => {
  expect(values.length).toBeGreaterThan(5);
  for (const value of values) {
    expect(value).not.toBeNull();
    expect(Math.abs((value ?? 0) / wanted - 1)).toBeLessThan(0.02);
  }
};

describe.each(["samples", "rollups"])("a counter that grows by 600 a minute, read from %s", (from) => {
  beforeAll(async () => {
    if (from === "rollups") await upkeepOnce(store);
  }, 240_000);

  it.each(INTERVALS)("every %i s, is shown as 10/s in every window", { timeout: 120_000 }, async (seconds) => {
    const metric = steadyMetric(seconds);
    for (const hours of windowsOf(seconds)) {
      // also of steps shorter than the samples' distance
      const line = await ask({ metric, fn: "rate" }, hours);
      expectNear(line.values, PER_MINUTE / 60);
      expectNear((await ask({ metric, fn: "rate", filters: FAILED }, hours)).values, PER_MINUTE / 600);
      const grown = (await ask({ metric, fn: "increase" }, hours)).values;
      expectNear([...grown, ...grown].slice(0, 6), (PER_MINUTE / 60) * line.stepSeconds);
      const total = grown.reduce<number>((sum, value) => sum + (value ?? 0), 0);
      expect(total / (PER_MINUTE * 60 * hours)).toBeCloseTo(1, 3);
      expectNear((await ask({ metric: steadyHistogram(seconds), fn: "quantile", quantile: 0.7 }, hours)).values, 0.3);
    }
  });
});

it.each(WEEKLY)("a week of a sample every %i s, read from rollups, is shown as 10/s", async (seconds) => {
  const metric = `week_${seconds}_total`;
  expectNear((await ask({ metric, fn: "rate" }, 168)).values, PER_MINUTE / 60);
  const { values } = await ask({ metric, fn: "increase" }, 168);
  const total = values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  expect(total / (PER_MINUTE * 60 * 168)).toBeCloseTo(1, 3);
});

describe.each(INTERVALS)("a counter sampled every %i s", (seconds) => {
  it("tells how far apart its samples are", async () => {
    const window = { from: new Date(endMs - HOUR_MS), to: new Date(endMs) };
    expect(await store.metrics.sampleSeconds({ metric: steadyMetric(seconds), filters: [], window })).toBe(seconds);
    expect(await store.metrics.sampleSeconds({ metric: "nowhere", filters: [], window })).toBeNull();
  });

  it.skipIf(!isInstalled("prometheus") || !isInstalled("promtool"))(
    named("is what a real Prometheus says of it", "prometheus", "promtool"),
    { timeout: 120_000 },
    async () => {
      const server = await startPrometheus({ series: seriesAt(seconds) });
      const http = createOutboundClient({ allow: [], deny: [] });
      try {
        const prometheus = createPrometheusSource({ url: server.url, headers: {}, http, now: () => new Date(endMs) });
        const holes = await askHoles(store.metrics, seconds, endMs);
        expect(holes).toEqual([expect.closeTo(PER_MINUTE * 60), expect.closeTo(PER_MINUTE * 60)]);
        expect(largestMiss(holes, await askHoles(prometheus, seconds, endMs)).miss).toBeLessThan(0.02);
        for (const hours of windowsOf(seconds))
          for (const question of steadyQuestions(seconds)) {
            const at = { hours, endMs, least: Math.max(15, seconds) };
            const own = await askSteady(store.metrics, question, at);
            const other = await askSteady(prometheus, question, at);
            expect(own.stepSeconds).toBe(other.stepSeconds);
            const { miss, known } = largestMiss(own.values, other.values);
            expect(miss, `${question.fn} over ${hours} h`).toBeLessThan(0.02);
            expect(known, `${question.fn} over ${hours} h`).toBeGreaterThan(0.7);
          }
      } finally {
        await server.stop();
        await http.close();
      }
    },
  );
});
