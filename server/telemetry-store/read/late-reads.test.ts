import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import type { MetricFunction } from "#server/agent/ports/metrics-source.ts";
import { useDatabase } from "#server/testing/database.ts";
import { logLine, SENDER, samples, spanOf } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
/** of the hours that are rolled up */
const startMs = nowMs - 4 * HOUR_MS;
const WINDOW = { from: new Date(startMs), to: new Date(nowMs - HOUR_MS) };
const LATE = { fromMs: startMs + 2 * HOUR_MS + 10 * MINUTE_MS, minutes: 10 };
let store: BuiltinStore;

const instants = (fromMs: number, minutes: number) =>
  Array.from({ length: minutes * 6 }, (_, i) => fromMs + i * 10_000);
const grown = (name: string, timesMs: readonly number[], firstMs: number) =>
  samples({ name, timesMs: [...timesMs], values: timesMs.map((at) => (at - firstMs) / 1_000) });

/** All hours of a counter, a gauge, spans and lines, of which ten minutes come after these were rolled up. */
beforeAll(async () => {
  store = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
  const all = instants(startMs, 180);
  const isLate = (at: number) => at >= LATE.fromMs && at < LATE.fromMs + LATE.minutes * MINUTE_MS;
  const write = async (wanted: (at: number) => boolean) => {
    const times = all.filter(wanted);
    const gauge = samples({ name: "level", kind: "gauge", timesMs: times, values: times.map(() => 7) });
    const { rejected } = await store.writeSamples([grown("holed_total", times, startMs), gauge], SENDER);
    expect(rejected).toEqual([]);
    await store.writeSpans(
      times.map((at) => spanOf({ startMs: at, traceId: at.toString(16).padStart(32, "0") })),
      SENDER,
    );
    await store.writeLogs(
      times.map((atMs) => logLine({ atMs })),
      SENDER,
    );
  };
  await write((at) => !isLate(at));
  await upkeepOnce(store);
  await write(isLate);
  const late = instants(LATE.fromMs, LATE.minutes);
  await store.writeSamples([grown("backlog_total", late, LATE.fromMs)], SENDER);
  await store.writeSpans(
    late.map((at) =>
      spanOf({ startMs: at, service: "late", name: "LATE", traceId: at.toString(16).padStart(32, "b") }),
    ),
    SENDER,
  );
});
afterAll(() => store.close());

const lineOf = async (metric: string, fn: MetricFunction, stepSeconds: number) => {
  const query = { metric, filters: [], groupBy: [], fn, window: WINDOW, stepSeconds, limit: 1 };
  return (await store.metrics.query(query)).data.lines[0]?.values ?? [];
};
const sumOf = (values: readonly (number | null)[]) => values.reduce<number>((sum, one) => sum + (one ?? 0), 0);

/** What was acknowledged is read at once, and the same after it was rolled up again. */
describe.each([
  ["before it is rolled up again", async () => {}],
  ["after it was rolled up again", () => upkeepOnce(store)],
])("what came late, %s", (_, prepare) => {
  beforeAll(prepare);

  it.each([10, 60, 300, 3_600])("is in the growth of counters by steps of %s s", async (step) => {
    expect(sumOf(await lineOf("backlog_total", "increase", step))).toBeCloseTo(590, 6);
    expect(sumOf(await lineOf("holed_total", "increase", step))).toBeCloseTo(180 * 60 - 10, 6);
  });

  it("leaves no hole and no step too high in a rate", async () => {
    const rates = (await lineOf("holed_total", "rate", 60)).slice(1, -1);
    for (const rate of rates) expect(rate).toBeCloseTo(1, 6);
    expect((await lineOf("backlog_total", "rate", 60)).filter((rate) => rate !== null)).toHaveLength(LATE.minutes);
  });

  it("is in the figures of gauges", async () => {
    for (const fn of ["avg", "min", "max", "last"] as const)
      for (const step of [60, 3_600]) expect(new Set(await lineOf("level", fn, step))).toEqual(new Set([7]));
    expect(sumOf(await lineOf("level", "sum", 3_600))).toBe(7 * 180 * 6);
  });

  it("is in what services served and who is known by traces", async () => {
    const served = await store.traces.served?.({ window: WINDOW });
    expect(Object.fromEntries((served?.data ?? []).map(({ service, calls }) => [service, calls]))).toEqual({
      ...{ checkout: 180 * 6, late: LATE.minutes * 6 },
    });
    expect((await store.traces.services(WINDOW)).data).toEqual(["checkout", "late"]);
    expect((await store.traces.operations({ service: "late", window: WINDOW })).data).toEqual(["LATE"]);
  });

  it("is in the counts of lines", async () => {
    for (const stepSeconds of [60, 3_600]) {
      const { data } = await store.logs.counts({ window: WINDOW, filter: { terms: [] }, stepSeconds });
      expect(data.reduce((sum, { count }) => sum + count, 0)).toBe(180 * 6);
    }
  });
});
