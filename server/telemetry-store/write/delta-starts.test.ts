import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { decodeMetrics } from "#server/integrations/otlp/metrics.ts";
import { useDatabase } from "#server/testing/database.ts";
import { SENDER } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

/** A delta counts since its own start, whatever came before it. */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const startMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 3 * HOUR_MS;
let store: BuiltinStore;
afterAll(() => store.close());

type Point = [start: number | null, end: number, value: number];
const nanos = (minutes: number) => `${startMs + minutes * MINUTE_MS}000000`;
const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
async function send(name: string, points: readonly Point[], identified = true) {
  const dataPoints = points.map(([start, end, value]) => ({
    ...(start !== null && { startTimeUnixNano: start < -1e6 ? "1000000" : nanos(start) }),
    ...{ timeUnixNano: nanos(end), asDouble: value },
  }));
  const sum = { aggregationTemporality: 1, isMonotonic: true, dataPoints };
  const attributes = [attribute("service.name", "s"), ...(identified ? [attribute("service.instance.id", "a")] : [])];
  const resourceMetrics = [{ resource: { attributes }, scopeMetrics: [{ metrics: [{ name, unit: "1", sum }] }] }];
  const { records } = decodeMetrics(Buffer.from(JSON.stringify({ resourceMetrics })), { encoding: "json" });
  expect((await store.writeSamples(records, SENDER)).rejected).toEqual([]);
}

const minutes = (count: number, value: number) => Array.from({ length: count }, () => value);
/** minutes 2…12: what grew in each */
const CASES: [name: string, points: Point[], wanted: (number | null)[]][] = [
  [
    "silent",
    [
      [1, 2, 60],
      [5, 6, 600],
    ],
    [null, null, null, 600, ...minutes(6, 0).map(() => null)],
  ],
  ["ten_minutes", [[2, 12, 600]], minutes(10, 60)],
  [
    "in_a_row",
    [
      [2, 4, 120],
      [4, 6, 240],
      [6, 12, 60],
    ],
    [60, 60, 120, 120, ...minutes(6, 10)],
  ],
  [
    "not_said",
    [
      [null, 4, 60],
      [null, 6, 240],
    ],
    [null, 60, 120, 120, ...minutes(6, 0).map(() => null)],
  ],
  ["of_ages", [[-1e9, 4, 60]], [null, 60, ...minutes(8, 0).map(() => null)]],
];

beforeAll(async () => {
  store = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(startMs + 2 * HOUR_MS) });
  for (const [name, points] of CASES) {
    for (const point of points) await send(name, [point]);
    await send(`${name}_at_once`, points);
    for (const point of points) await send(`${name}_shared`, [point], false);
  }
});

const ask = async (metric: string) => {
  const window = { from: new Date(startMs + 2 * MINUTE_MS), to: new Date(startMs + 12 * MINUTE_MS) };
  const asked = { metric, fn: "increase" as const, filters: [], groupBy: [], window, stepSeconds: 60, limit: 1 };
  return (await store.metrics.query(asked)).data.lines[0]?.values ?? [];
};

describe.each(["samples", "rollups"])("deltas, read from %s", (from) => {
  beforeAll(async () => {
    if (from === "rollups") await upkeepOnce(store);
  });

  it.each(CASES.flatMap(([name, , wanted]) => ["", "_at_once", "_shared"].map((how) => [name + how, wanted] as const)))(
    "%s, stand where they were counted",
    async (name, wanted) => {
      // the places of an instant lie some microseconds before it
      const found = (await ask(`${name}_total`)).map((value) => (value !== null && value < 0.01 ? null : value));
      expect(found).toEqual(wanted.map((value) => (value === null ? null : expect.closeTo(value, 1))));
    },
  );
});
