import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import type { SeriesSamples } from "#server/agent/ports/telemetry.ts";
import { decodeMetrics } from "#server/integrations/otlp/metrics.ts";
import { useDatabase } from "#server/testing/database.ts";
import { SENDER, samples } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

/** Quantiles of histograms whose bounds differ between processes and exports, against the observations themselves. */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const endMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS;
const startMs = endMs - 2 * HOUR_MS;
let store: BuiltinStore;
afterAll(() => store.close());

let seed = 7;
const random = () => {
  seed = (seed * 16_807) % 2_147_483_647;
  return seed / 2_147_483_647;
};

/** As an SDK has it: the finest scale at which all values have a place. */
function exponential(values: readonly number[], most = 160) {
  let scale = 20;
  const indexesAt = () => values.map((value) => Math.ceil(Math.log2(value) * 2 ** scale) - 1);
  let indexes = indexesAt();
  while (Math.max(...indexes) - Math.min(...indexes) + 1 > most) {
    scale--;
    indexes = indexesAt();
  }
  const offset = Math.min(...indexes);
  const counts = new Array<number>(Math.max(...indexes) - offset + 1).fill(0);
  for (const index of indexes) counts[index - offset] = (counts[index - offset] ?? 0) + 1;
  const sum = values.reduce((a, b) => a + b, 0);
  return {
    scale,
    positive: { offset, bucketCounts: counts.map(String) },
    count: String(values.length),
    sum,
    zeroCount: "0",
  };
}

const nanos = (ms: number) => `${ms}000000`;
const attributes = (of: Record<string, string>) =>
  Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }));
async function send(name: string, instance: string, temporality: 1 | 2, dataPoints: unknown[]) {
  const resource = { attributes: attributes({ "service.name": "s", "service.instance.id": instance }) };
  const histogram = { aggregationTemporality: temporality, dataPoints };
  const metrics = [{ name, unit: "s", exponentialHistogram: histogram }];
  const body = { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: "x" }, metrics }] }] };
  const { records, rejected } = decodeMetrics(Buffer.from(JSON.stringify(body)), { encoding: "json" });
  expect(rejected).toEqual([]);
  expect((await store.writeSamples(records, SENDER)).rejected).toEqual([]);
}

/** what each process sees: fast ones, one with a slow fifth, one that is faster than all others */
const PROCESSES: Record<string, () => number> = {
  fast: () => 0.05 + 0.15 * random(),
  slow: () => (random() < 0.2 ? 0.3 + 0.7 * random() : 0.05 + 0.15 * random()),
  faster: () => 0.01 + 0.03 * random(),
  wide: () => 0.05 * Math.exp(2 * (random() + random() + random() - 1.5)) * (random() < 0.05 ? 10 : 1),
};
const observed = new Map<string, { atMs: number; value: number }[]>();

async function observe(name: string, process: string, temporality: 1 | 2, everyMs: number) {
  const all: number[] = [];
  const points: unknown[] = [];
  const told = observed.get(name) ?? [];
  observed.set(name, told);
  for (let atMs = startMs - 30_000; atMs < endMs + MINUTE_MS; atMs += everyMs) {
    const values = Array.from({ length: everyMs / 3_000 }, PROCESSES[process] ?? random);
    all.push(...values);
    for (const [i, value] of values.entries())
      told.push({ atMs: atMs - everyMs + ((i + 0.5) * everyMs) / values.length, value });
    const since = temporality === 1 ? atMs - everyMs : startMs - 30_000 - everyMs;
    points.push({
      startTimeUnixNano: nanos(since),
      timeUnixNano: nanos(atMs),
      ...exponential(temporality === 1 ? values : all),
    });
  }
  await send(name, process, temporality, points);
}

const CASES = [
  ...["fast", "slow", "wide"].map((one) => [`one_${one}`, 2, 60_000, [one]] as const),
  ["two", 2, 60_000, ["fast", "slow"]],
  ["three", 2, 60_000, ["fast", "slow", "faster"]],
  ["deltas", 1, 60_000, ["wide"]],
  ["deltas_of_three", 1, 60_000, ["fast", "slow", "faster"]],
  ["often_deltas", 1, 15_000, ["wide"]],
] as const;

beforeAll(async () => {
  store = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(endMs + 3 * MINUTE_MS) });
  for (const [name, temporality, everyMs, processes] of CASES)
    for (const process of processes) await observe(name, process, temporality, everyMs);
}, 60_000);

const ask = async (metric: string, quantile: number, stepSeconds: number) => {
  const window = { from: new Date(startMs), to: new Date(endMs) };
  const asked = { metric, filters: [], groupBy: [], fn: "quantile" as const, quantile, window, stepSeconds, limit: 5 };
  const line = (await store.metrics.query(asked)).data.lines[0];
  return (line?.values ?? []).map((value, i) => ({ value: value ?? Number.NaN, ...line?.bounds?.[i] }));
};

describe.each(["samples", "rollups"])("exponential histograms, read from %s", (from) => {
  beforeAll(async () => {
    if (from === "rollups") await upkeepOnce(store);
  }, 60_000);

  it.each(CASES.map(([name]) => name))("%s, have the quantiles of what was observed", async (name) => {
    for (const stepSeconds of [900, 3_600])
      for (const quantile of [0.5, 0.9, 0.95]) {
        const told = await ask(`${name}_seconds`, quantile, stepSeconds);
        expect(told).toHaveLength(7_200 / stepSeconds);
        for (const [i, { value, lower, upper }] of told.entries()) {
          const fromMs = startMs + i * stepSeconds * 1_000;
          const own = (observed.get(name) ?? [])
            .filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + stepSeconds * 1_000)
            .map((one) => one.value)
            .sort((a, b) => a - b);
          const at = (q: number) => own[Math.min(own.length - 1, Math.floor(q * own.length))] ?? Number.NaN;
          const what = `${quantile} in steps of ${stepSeconds} s: ${lower} < ${value} <= ${upper}, not ${at(quantile)}`;
          // what lies a hundredth of the ranks away is as good, and a bucket may be a fifth wide
          expect(value, what).toBeGreaterThan(0.82 * at(quantile - 0.01));
          expect(value, what).toBeLessThan(1.2 * at(quantile + 0.01));
          expect(lower ?? 0, what).toBeLessThanOrEqual(at(quantile + 0.01));
          expect(upper ?? 0, what).toBeGreaterThanOrEqual(at(quantile - 0.01));
          expect((upper ?? 0) / (lower ?? 0), what).toBeLessThan(1.6);
        }
      }
  });
});

it("explicit bounds that differ between versions of a service are each read as they are", async () => {
  const bucket = (instance: string, le: string, total: number): SeriesSamples =>
    samples({
      ...{ name: "mixed_seconds_bucket", kind: "counter", labels: { service: "s", instance, le } },
      ...{ timesMs: [startMs, endMs - 1], values: [0, total] },
    });
  await store.writeSamples(
    [
      ...(["0.1", "1", "+Inf"] as const).map((le) => bucket("old", le, 100)),
      ...[bucket("new", "0.2", 0), bucket("new", "1", 0), bucket("new", "5", 100), bucket("new", "+Inf", 100)],
    ],
    SENDER,
  );
  const [told] = await ask("mixed_seconds", 0.75, 7_200);
  expect(told).toEqual({ value: expect.closeTo(3, 3), lower: 1, upper: 5 });
});
