import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { stepFor } from "#server/agent/metrics/steps.ts";
import type { MetricQuery, MetricsSource } from "#server/agent/ports/metrics-source.ts";
import type { SeriesSamples } from "#server/agent/ports/telemetry.ts";
import { createOutboundClient } from "#server/integrations/http/client.ts";
import { createPrometheusSource } from "#server/integrations/prometheus/index.ts";
import { useDatabase } from "#server/testing/database.ts";
import { isInstalled, named, startPrometheus } from "#server/testing/monitoring-servers.ts";
import { SENDER } from "#server/testing/telemetry/records.ts";
import { type BuiltinStore, createTelemetryStore } from "./store.ts";
import { upkeepOnce } from "./upkeep.ts";

/** The same series in the built-in store and in a Prometheus, sampled at five intervals. */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** a multiple of all steps: one that goes on after it would be known in part */
const endMs = Math.floor(Date.now() / (2 * HOUR_MS)) * 2 * HOUR_MS - 2 * HOUR_MS;
const INTERVALS = [5, 15, 30, 60, 120] as const;
/** the finer ones are shorter: a week of samples every five seconds takes minutes to write */
const HISTORY_HOURS: Record<(typeof INTERVALS)[number], number> = { 5: 7, 15: 25, 30: 25, 60: 169, 120: 169 };
const WINDOWS = [0.25, 1, 6, 24, 168] as const;
const PER_MINUTE = 600;

const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
let store: BuiltinStore;
beforeAll(async () => {
  store = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(endMs + 30 * MINUTE_MS) });
  for (const one of [...INTERVALS.flatMap(seriesAt), ...WEEKLY.map(weekAt)])
    expect((await store.writeSamples([one], SENDER)).rejected).toEqual([]);
}, 120_000);
afterAll(() => store.close());

/** not on full steps, as no scraper is */
function timesFrom(startMs: number, seconds: number): number[] {
  const times: number[] = [];
  for (let at = startMs + 3_700; at < endMs + 10 * MINUTE_MS; at += seconds * 1_000) times.push(at);
  return times;
}

/** one counter each of a whole week */
const WEEKLY = [5, 15, 30] as const;
function weekAt(seconds: (typeof WEEKLY)[number]): SeriesSamples {
  const startMs = endMs - 169 * HOUR_MS;
  const timesMs = timesFrom(startMs, seconds);
  const values = timesMs.map((at) => ((at - startMs) / MINUTE_MS) * PER_MINUTE);
  return { name: `week_${seconds}_total`, kind: "counter", unit: "", labels: { service: "s" }, timesMs, values };
}

function seriesAt(seconds: (typeof INTERVALS)[number]): SeriesSamples[] {
  const startMs = endMs - HISTORY_HOURS[seconds] * HOUR_MS;
  const times = timesFrom(startMs, seconds);
  const series = (name: string, kind: SeriesSamples["kind"], labels: object, perMinute: number): SeriesSamples => {
    const values = times.map((at) => ((at - startMs) / MINUTE_MS) * perMinute);
    return {
      name: `every_${seconds}_${name}`,
      kind,
      unit: "",
      labels: { service: "s", ...labels },
      timesMs: times,
      values,
    };
  };
  return [
    series("requests_total", "counter", { code: "200" }, PER_MINUTE * 0.9),
    series("requests_total", "counter", { code: "500" }, PER_MINUTE * 0.1),
    series("seconds_bucket", "counter", { le: "0.1" }, PER_MINUTE * 0.5),
    series("seconds_bucket", "counter", { le: "0.5" }, PER_MINUTE * 0.9),
    series("seconds_bucket", "counter", { le: "+Inf" }, PER_MINUTE),
  ];
}

const linesOf = async (
  source: MetricsSource,
  query: Pick<MetricQuery, "metric" | "fn"> & Partial<MetricQuery>,
  hours: number,
  least: number,
) => {
  const window = { from: new Date(endMs - hours * HOUR_MS), to: new Date(endMs) };
  const stepSeconds = stepFor(window, 120, least);
  const asked = { filters: [], groupBy: [], ...query };
  await source.sampleSeconds({ metric: query.metric, filters: [], window });
  const { data } = await source.query({ ...asked, window, stepSeconds, limit: 1 });
  return { values: data.lines[0]?.values ?? [], stepSeconds };
};

const expectNear = (values: readonly (number | null)[], wanted: number) => {
  expect(values.length).toBeGreaterThan(5);
  for (const value of values) {
    expect(value).not.toBeNull();
    expect(Math.abs((value ?? 0) / wanted - 1)).toBeLessThan(0.02);
  }
};

const failed = [{ label: "code", op: "=~" as const, value: "5.." }];

const namesOf = (seconds: (typeof INTERVALS)[number]) => ({
  metric: `every_${seconds}_requests_total`,
  histogram: `every_${seconds}_seconds`,
  windows: WINDOWS.filter((hours) => hours < HISTORY_HOURS[seconds]),
});

describe.each(["samples", "rollups"])("a counter that grows by 600 a minute, read from %s", (from) => {
  beforeAll(async () => {
    if (from === "rollups") await upkeepOnce(store);
  }, 240_000);

  it.each(INTERVALS)("every %i s, is shown as 10/s in every window", { timeout: 120_000 }, async (seconds) => {
    const { metric, histogram, windows } = namesOf(seconds);
    for (const hours of windows) {
      // also of steps shorter than the samples' distance
      const line = await linesOf(store.metrics, { metric, fn: "rate" }, hours, 15);
      expectNear(line.values, PER_MINUTE / 60);
      const { values } = await linesOf(store.metrics, { metric, fn: "rate", filters: failed }, hours, 15);
      expectNear(values, PER_MINUTE / 600);
      const grown = (await linesOf(store.metrics, { metric, fn: "increase" }, hours, 15)).values;
      expectNear([...grown, ...grown].slice(0, 6), (PER_MINUTE / 60) * line.stepSeconds);
      const total = grown.reduce<number>((sum, value) => sum + (value ?? 0), 0);
      expect(total / (PER_MINUTE * 60 * hours)).toBeCloseTo(1, 3);
      const quantile = await linesOf(store.metrics, { metric: histogram, fn: "quantile", quantile: 0.7 }, hours, 15);
      expectNear(quantile.values, 0.3);
    }
  });
});

it.each(WEEKLY)("a week of a sample every %i s, read from rollups, is shown as 10/s", async (seconds) => {
  const metric = `week_${seconds}_total`;
  const line = await linesOf(store.metrics, { metric, fn: "rate" }, 168, 15);
  expectNear(line.values, PER_MINUTE / 60);
  const { values } = await linesOf(store.metrics, { metric, fn: "increase" }, 168, 15);
  const total = values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  expect(total / (PER_MINUTE * 60 * 168)).toBeCloseTo(1, 3);
});

describe.each(INTERVALS)("a counter sampled every %i s", (seconds) => {
  const { metric, histogram, windows } = namesOf(seconds);

  it("tells how far apart its samples are", async () => {
    const window = { from: new Date(endMs - HOUR_MS), to: new Date(endMs) };
    expect(await store.metrics.sampleSeconds({ metric, filters: [], window })).toBe(seconds);
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
        const queries = [
          { metric, fn: "rate" as const },
          { metric, fn: "rate" as const, filters: failed },
          { metric, fn: "increase" as const },
          { metric: histogram, fn: "quantile" as const, quantile: 0.7 },
        ];
        for (const hours of windows)
          for (const query of queries) {
            const least = Math.max(15, seconds);
            const [own, other] = [
              await linesOf(store.metrics, query, hours, least),
              await linesOf(prometheus, query, hours, least),
            ];
            expect(own.stepSeconds).toBe(other.stepSeconds);
            expect(own.values).toHaveLength(other.values.length);
            for (const [i, value] of other.values.entries()) {
              if (value === null) continue;
              expect(Math.abs((own.values[i] ?? 0) / value - 1), `${query.fn} over ${hours} h, step ${i}`).toBeLessThan(
                0.02,
              );
            }
            expect(other.values.filter((value) => value !== null).length).toBeGreaterThan(other.values.length * 0.7);
          }
      } finally {
        await server.stop();
        await http.close();
      }
    },
  );
});
