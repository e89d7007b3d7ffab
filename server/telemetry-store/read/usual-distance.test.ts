import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import type { MetricQuery } from "#server/agent/ports/metrics-source.ts";
import type { SeriesSamples } from "#server/agent/ports/telemetry.ts";
import { useDatabase } from "#server/testing/database.ts";
import { SENDER } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const endMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS;
const startMs = endMs - 12 * HOUR_MS;
const open = (nowMs = endMs) =>
  createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs + MINUTE_MS) });
let store: BuiltinStore;
beforeAll(async () => {
  store = open();
  for (const minutes of INTERVALS) {
    // each sample alone, as it is scraped or exported; not on full minutes
    for (let at = startMs + 17_000; at < endMs; at += minutes * MINUTE_MS) await write(store, seriesAt(minutes, at));
    await write(store, dying(minutes));
  }
}, 120_000);
afterAll(() => store.close());

const INTERVALS = [10, 30] as const;
const PER_MINUTE = 60;
const write = async (to: BuiltinStore, series: readonly SeriesSamples[]) =>
  expect((await to.writeSamples(series, SENDER)).rejected).toEqual([]);

const one = (
  name: string,
  kind: SeriesSamples["kind"],
  samples: readonly (readonly [atMs: number, value: number])[],
  labels: Record<string, string> = {},
): SeriesSamples => ({
  ...{ name, kind, unit: "", labels: { service: "s", ...labels } },
  ...{ timesMs: samples.map(([at]) => at), values: samples.map(([, value]) => value) },
});
const seriesAt = (minutes: number, at: number): SeriesSamples[] => {
  const counted = ((at - startMs) / MINUTE_MS) * PER_MINUTE;
  const bucket = (le: string, share: number) =>
    one(`every_${minutes}_seconds_bucket`, "counter", [[at, counted * share]], { le });
  return [
    one(`every_${minutes}_total`, "counter", [[at, counted]]),
    one(`every_${minutes}_level`, "gauge", [[at, 7]]),
    ...[bucket("0.1", 0.5), bucket("0.5", 0.9), bucket("+Inf", 1)],
  ];
};
/** a series that ended three hours after the start, and one beside it that was silent for four hours */
const dying = (minutes: number): SeriesSamples[] => {
  const until = (hours: number, from = 0) => {
    const samples: [number, number][] = [];
    for (let at = startMs + from * HOUR_MS + 17_000; at < startMs + hours * HOUR_MS; at += minutes * MINUTE_MS)
      samples.push([at, ((at - startMs) / MINUTE_MS) * PER_MINUTE]);
    return samples;
  };
  return [
    one(`dead_${minutes}_total`, "counter", until(3)),
    one(`dead_${minutes}_level`, "gauge", until(3)),
    one(`silent_${minutes}_level`, "gauge", [...until(3), ...until(12, 7)]),
  ];
};

const ask = async (
  query: Pick<MetricQuery, "metric" | "fn"> & Partial<MetricQuery>,
  stepSeconds: number,
  window = { from: new Date(startMs + HOUR_MS), to: new Date(endMs - HOUR_MS) },
) => {
  const { data } = await store.metrics.query({ filters: [], groupBy: [], ...query, window, stepSeconds, limit: 1 });
  return data.lines[0]?.values ?? [];
};

describe.each(["samples", "rollups"])("figures that come every ten minutes or less often, read from %s", (from) => {
  beforeAll(async () => {
    if (from === "rollups") await upkeepOnce(store);
  }, 120_000);

  it.each(INTERVALS.flatMap((minutes) => [60, 900, 3_600].map((step) => [minutes, step] as const)))(
    "every %i minutes, in steps of %i s, have no gaps",
    async (minutes, step) => {
      const rates = await ask({ metric: `every_${minutes}_total`, fn: "rate" }, step);
      expect(rates).toHaveLength((10 * 3_600) / step);
      for (const rate of rates) expect((rate ?? 0) / (PER_MINUTE / 60)).toBeCloseTo(1, 2);
      const grown = await ask({ metric: `every_${minutes}_total`, fn: "increase" }, step);
      expect(grown.reduce<number>((sum, value) => sum + (value ?? 0), 0)).toBeCloseTo(600 * PER_MINUTE, 3);
      const levels = await ask({ metric: `every_${minutes}_level`, fn: "last" }, step);
      expect(levels).toEqual(rates.map(() => 7));
      const quantile = { metric: `every_${minutes}_seconds`, fn: "quantile" as const, quantile: 0.7 };
      for (const value of await ask(quantile, step)) expect(value).toBeCloseTo(0.3, 4);
    },
  );

  it.each(INTERVALS)("every %i minutes, end when their series does", async (minutes) => {
    const window = { from: new Date(startMs + 2 * HOUR_MS), to: new Date(startMs + 8 * HOUR_MS) };
    const told = async (metric: string, fn: "increase" | "last") =>
      (await ask({ metric, fn }, 600, window)).map((value) => value !== null);
    for (const [metric, fn] of [
      ["total", "increase"],
      ["level", "last"],
    ] as const) {
      const steps = await told(`dead_${minutes}_${metric}`, fn);
      expect(steps.lastIndexOf(true)).toBeLessThan(6);
      expect(steps.lastIndexOf(true)).toBeGreaterThanOrEqual(6 - minutes / 10);
    }
    const silent = await told(`silent_${minutes}_level`, "last");
    expect(silent.slice(6, 30)).toEqual(Array.from({ length: 24 }, () => false));
    expect(silent.slice(30)).toEqual(Array.from({ length: 6 }, () => true));
  });

  it.each(INTERVALS)("every %i minutes, tell how far apart they are, in any window", async (minutes) => {
    for (const hours of [0.25, 1, 6])
      expect(
        await store.metrics.sampleSeconds({
          ...{ metric: `every_${minutes}_total`, filters: [] },
          window: { from: new Date(endMs - hours * HOUR_MS), to: new Date(endMs) },
        }),
      ).toBe(minutes * 60);
  });
});

describe("how far apart samples may be", () => {
  const window = { from: new Date(startMs), to: new Date(startMs + 6 * HOUR_MS) };

  it("is not what one gap was, and is learned anew by writers that remember nothing", async () => {
    const often: [number, number][] = [];
    for (let at = startMs; at < startMs + 2 * HOUR_MS; at += 15_000)
      if (at < startMs + HOUR_MS || at > startMs + HOUR_MS + 20 * MINUTE_MS) often.push([at, 7]);
    for (let i = 0; i < often.length; i += 60) await write(store, [one("often", "gauge", often.slice(i, i + 60))]);
    await upkeepOnce(store);
    const levels = await ask({ metric: "often", fn: "last" }, 60, window);
    expect([levels[59], levels[81]]).toEqual([7, 7]);
    expect(levels.slice(61, 80)).toEqual(Array.from({ length: 19 }, () => null));
    for (const at of [0, 20, 40, 60].map((minutes) => startMs + minutes * MINUTE_MS)) {
      const other = open();
      await write(other, [one("forgotten_total", "counter", [[at, (at - startMs) / 1_000]])]);
      await other.close();
    }
    await upkeepOnce(store);
    const grown = await ask({ metric: "forgotten_total", fn: "increase" }, 60, window);
    expect(grown.reduce<number>((sum, value) => sum + (value ?? 0), 0)).toBeCloseTo(3_600);
  });

  it("is learned when it changes, and what was rolled up until then is made good", async () => {
    const counted = (at: number) => [at, (at - startMs) / 1_000] as const;
    const times = Array.from({ length: 40 }, (_, i) => startMs + i * 15_000);
    for (let i = 1; i <= 6; i++) times.push((times[39] ?? 0) + i * 10 * MINUTE_MS);
    await write(store, [one("slower_total", "counter", times.slice(0, 40).map(counted))]);
    for (const at of times.slice(40)) {
      await write(store, [one("slower_total", "counter", [counted(at)])]);
      await upkeepOnce(store);
    }
    const grown = await ask({ metric: "slower_total", fn: "increase" }, 60, window);
    const whole = ((times.at(-1) ?? 0) - startMs) / 1_000;
    expect(grown.reduce<number>((sum, value) => sum + (value ?? 0), 0)).toBeCloseTo(whole);
  });

  it("holds for what comes late, too", async () => {
    const samples = [0, 1, 2, 3, 4, 5, 6].map((i) => [startMs + i * 10 * MINUTE_MS, i * 600] as const);
    const late = samples.splice(3, 1);
    await write(store, [one("late_total", "counter", samples)]);
    await upkeepOnce(store);
    await write(store, [one("late_total", "counter", late)]);
    await upkeepOnce(store);
    const grown = await ask({ metric: "late_total", fn: "increase" }, 600, window);
    expect(grown.slice(0, 6)).toEqual([600, 600, 600, 600, 600, 600]);
  });
});
