import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import type { MetricQuery } from "#server/agent/ports/metrics-source.ts";
import { decodeMetrics } from "#server/integrations/otlp/metrics.ts";
import { parseExposition } from "#server/integrations/prometheus/exposition.ts";
import { useDatabase } from "#server/testing/database.ts";
import { SENDER } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

/** Several who write one name and one set of labels: every one of them is counted, and nothing twice. */
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const nowMs = Math.floor(Date.now() / (60 * MINUTE_MS)) * 60 * MINUTE_MS;
const startMs = nowMs - 60 * MINUTE_MS;
const open = () => createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
let store: BuiltinStore;
beforeAll(() => {
  store = open();
});
afterAll(() => store.close());

interface Given {
  scope?: { name?: string; version?: string; attributes?: object[] };
  /** seconds after the beginning */
  start: number;
  at: number;
  value: number;
  /** besides, of the start */
  micros?: number;
  temporality?: 1 | 2;
  id?: string | null;
}
const nanos = (seconds: number, micros = 0) =>
  `${startMs + seconds * SECOND_MS}${String(micros * 1_000).padStart(6, "0")}`;
const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });

const bodyOf = (name: string, given: readonly Given[]) => ({
  resourceMetrics: given.map(({ scope, start, at, value, micros, temporality = 2, id = "api-0" }) => ({
    resource: {
      attributes: [attribute("service.name", "shop"), ...(id === null ? [] : [attribute("service.instance.id", id)])],
    },
    scopeMetrics: [
      {
        ...(scope && { scope }),
        metrics: [
          {
            name,
            sum: {
              ...{ aggregationTemporality: temporality, isMonotonic: true },
              dataPoints: [{ startTimeUnixNano: nanos(start, micros), timeUnixNano: nanos(at), asDouble: value }],
            },
          },
        ],
      },
    ],
  })),
});
async function send(name: string, given: readonly Given[], to = store) {
  const { records, rejected } = decodeMetrics(Buffer.from(JSON.stringify(bodyOf(name, given))), { encoding: "json" });
  expect(rejected).toEqual([]);
  expect((await to.writeSamples(records, SENDER)).rejected).toEqual([]);
}
async function lines(name: string, more: Partial<MetricQuery> = {}) {
  const window = { from: new Date(startMs - 10 * MINUTE_MS), to: new Date(nowMs) };
  const asked = { metric: `${name}_total`, filters: [], groupBy: [], fn: "increase" as const, ...more };
  const { data } = await store.metrics.query({ ...asked, window, stepSeconds: 4_200, limit: 20, exact: true });
  return data.lines.map(({ labels, values }) => ({
    labels,
    value: Number(values.reduce<number>((sum, one) => sum + (one ?? 0), 0).toPrecision(9)),
  }));
}
const total = async (name: string) => (await lines(name))[0]?.value ?? null;

/** each in a request of its own, all in one, or each by a collector that remembers nothing */
const WAYS = ["one at a time", "in one batch", "by writers that remember nothing"] as const;
async function sendBy(way: (typeof WAYS)[number], name: string, given: readonly Given[]) {
  if (way === "in one batch") return send(name, given);
  for (const one of given) {
    const writer = way === "one at a time" ? store : open();
    await send(name, [one], writer);
    if (writer !== store) await writer.close();
  }
}

const A = { start: -5 };
const B = { start: -4 };
const C = { start: 30 };
const scoped = (scope: NonNullable<Given["scope"]>, factor: number): Given[] =>
  [60, 120, 180].map((at) => ({ scope, start: 0, at, value: (at / 60) * factor }));
const mixed = (...given: Given[][]): Given[] => given.flat().sort((a, b) => a.at - b.at);
const attributes = (stringValue: string) => [attribute("shard", stringValue)];

const CASES: [what: string, given: Given[], wanted: number][] = [
  ["two scopes", mixed(scoped({ name: "a" }, 1_000), scoped({ name: "b" }, 10)), 3_030],
  ["two versions", mixed(scoped({ name: "a", version: "1" }, 100), scoped({ name: "a", version: "2" }, 7)), 321],
  ["a scope and none", mixed(scoped({ name: "a" }, 100), scoped({}, 7)), 321],
  ["none and a scope", mixed(scoped({}, 7), scoped({ name: "a" }, 100)), 321],
  [
    "scopes that differ in an attribute",
    mixed(scoped({ name: "a", attributes: attributes("1") }, 5), scoped({ name: "a", attributes: attributes("2") }, 7)),
    36,
  ],
  [
    "two workers with one id",
    mixed(
      [60, 120, 180].map((at) => ({ ...A, at, value: at })),
      [67, 127, 187].map((at) => ({ ...B, at, value: at - 57 })),
    ),
    180 + 130,
  ],
  [
    "two workers with one id, the later one with more",
    mixed(
      [60, 120, 180].map((at) => ({ ...A, at, value: at })),
      [67, 127, 187].map((at) => ({ ...B, at, value: 10 * at })),
    ),
    180 + 1_870,
  ],
  [
    "two workers whose exports fall upon one instant",
    mixed(
      [60, 120].map((at) => ({ ...A, at, value: at })),
      [60, 120].map((at) => ({ ...B, at, value: 2 * at })),
    ),
    120 + 240,
  ],
  [
    "a short-lived worker between two exports of another, and a third one",
    [
      { ...A, at: 20, value: 1_000 },
      { ...C, at: 35, value: 5 },
      { ...A, at: 60, value: 1_500 },
      { start: 61, at: 65, value: 7 },
      { ...A, at: 120, value: 1_600 },
    ],
    1_612,
  ],
  [
    "a worker that comes back after two short-lived ones",
    [
      { ...A, at: 20, value: 1_000 },
      { ...C, at: 35, value: 5 },
      { start: 61, at: 65, value: 7 },
      { ...A, at: 120, value: 1_600 },
      { ...C, at: 121, value: 6 },
    ],
    1_613,
  ],
  [
    "workers of two scopes each",
    mixed(
      scoped({ name: "a" }, 100),
      scoped({ name: "b" }, 10),
      scoped({ name: "a" }, 3).map((one) => ({ ...one, start: 1, at: one.at + 3 })),
      scoped({ name: "b" }, 2).map((one) => ({ ...one, start: 1, at: one.at + 3 })),
    ),
    345,
  ],
  [
    "one that starts again",
    [
      { ...A, at: 60, value: 100 },
      { start: 70, at: 120, value: 150 },
      { start: 70, at: 180, value: 200 },
    ],
    300,
  ],
  [
    "one that starts again, whose last export comes late",
    [
      { ...A, at: 60, value: 100 },
      { start: 70, at: 120, value: 10 },
      { ...A, at: 68, value: 110 },
      { start: 70, at: 180, value: 20 },
    ],
    130,
  ],
  [
    "two without identity that began within a millisecond",
    mixed(
      [60, 120].map((at) => ({ id: null, start: 0, micros: 1, at, value: at })),
      [60, 120].map((at) => ({ id: null, start: 0, micros: 5, at, value: at + 1 })),
    ),
    241,
  ],
  [
    "running sums that become deltas, and sums again",
    [
      { ...A, at: 60, value: 1_000 },
      { ...A, at: 120, value: 4_000 },
      { start: 130, at: 190, value: 200, temporality: 1 },
      { start: 190, at: 250, value: 206, temporality: 1 },
      { start: 251, at: 310, value: 20 },
    ],
    4_426,
  ],
  [
    "an unknown start whose first point comes last",
    [
      { start: 60, at: 75, value: 5_010 },
      { start: 60, at: 60, value: 5_000 },
      { start: 60, at: 90, value: 5_020 },
    ],
    20,
  ],
];
const nameOf = (what: string, way: string) => `${way} ${what}`.toLowerCase().replace(/[^a-z0-9]+/g, "_");

describe("several writers of one name and one set of labels", () => {
  describe.each(WAYS)("%s", (way) => {
    it.each(CASES)("%s", async (what, given, wanted) => {
      await sendBy(way, nameOf(what, way), given);
      expect(await total(nameOf(what, way))).toBe(wanted);
    });
  });

  it("are the same from rollups", async () => {
    await upkeepOnce(store);
    for (const way of WAYS)
      for (const [what, , wanted] of CASES)
        expect([what, way, await total(nameOf(what, way))]).toEqual([what, way, wanted]);
  });

  it("are named by Prometheus' labels from the second scope on", async () => {
    const groupBy = ["otel_scope_name", "otel_scope_version"];
    expect(await lines(nameOf("two versions", WAYS[0]), { groupBy })).toEqual([
      { labels: {}, value: 300 },
      { labels: { otel_scope_name: "a", otel_scope_version: "2" }, value: 21 },
    ]);
  });
});

it("takes an equal delta of a process that is known for a repeat, whatever else is in the request", async () => {
  const first: Given = { start: 60, at: 120, value: 100, temporality: 1 };
  const next: Given = { start: 120, at: 180, value: 100, temporality: 1 };
  await send("resent", [first]);
  await send("resent", [first, next]);
  await send("resent", [next, first, first]);
  expect(await total("resent")).toBe(200);
});

it("keeps the buckets of a histogram together, also where a bound comes later, and first from another worker", async () => {
  const bucket = (le: string, { start }: { start: number }, at: number, value: number) => ({
    ...{ name: "took_bucket", kind: "counter" as const, unit: "", labels: { service: "shop", instance: "api-0", le } },
    ...{ timesMs: [startMs + at * SECOND_MS], values: [value], startMs: startMs + start * SECOND_MS },
  });
  const batches = [
    [bucket("1", A, 60, 10), bucket("+Inf", A, 60, 10)],
    [bucket("1", B, 61, 3), bucket("2", B, 61, 4), bucket("+Inf", B, 61, 4)],
    [bucket("1", A, 120, 10), bucket("2", A, 120, 15), bucket("+Inf", A, 120, 15)],
  ];
  for (const batch of batches) expect((await store.writeSamples(batch, SENDER)).rejected).toEqual([]);
  const stream = new Date(startMs - 4_000).toISOString();
  const groupBy = ["le", "stream_start"];
  const found = await lines("took", { metric: "took_bucket", groupBy });
  expect(found.map(({ labels, value }) => `${labels.le} ${labels.stream_start ?? ""} ${value}`).sort()).toEqual(
    ["+Inf  15", "1  10", "2  15", `+Inf ${stream} 4`, `1 ${stream} 3`, `2 ${stream} 4`].sort(),
  );
});

it("goes on in the series that an earlier version stored, which does not know whose they are", async () => {
  await send("upgraded", scoped({ name: "a" }, 100).slice(0, 2));
  await send("upgraded_worker", [{ ...A, at: 60, value: 100 }]);
  await store.close();
  await database.db.$executeRaw`update metric_series set scope_hash = null, owner_start_ms = null`;
  store = open();
  await send("upgraded", scoped({ name: "a" }, 100).slice(2));
  await send("upgraded", scoped({ name: "b" }, 1));
  await send("upgraded_worker", [
    { ...A, at: 120, value: 150 },
    { ...B, at: 121, value: 7 },
  ]);
  await send("upgraded_worker", [{ ...A, at: 180, value: 160 }]);
  expect(await lines("upgraded", { groupBy: ["otel_scope_name"] })).toEqual([
    { labels: {}, value: 300 },
    { labels: { otel_scope_name: "b" }, value: 3 },
  ]);
  expect(await lines("upgraded_worker", { groupBy: ["stream_start"] })).toEqual([
    { labels: {}, value: 160 },
    { labels: { stream_start: new Date(startMs - 4_000).toISOString() }, value: 7 },
  ]);
});

it("keeps a sender's own stream_start under another name", async () => {
  const body = bodyOf("reserved", [{ ...A, at: 60, value: 1 }]);
  const [point] = body.resourceMetrics[0]?.scopeMetrics[0]?.metrics[0]?.sum.dataPoints ?? [];
  Object.assign(point ?? {}, { attributes: [attribute("stream_start", "x")] });
  const { records } = decodeMetrics(Buffer.from(JSON.stringify(body)), { encoding: "json" });
  expect(records.map(({ labels }) => labels)).toEqual([
    { service: "shop", instance: "api-0", exported_stream_start: "x" },
  ]);
  const scraped = parseExposition(Buffer.from('a{stream_start="x"} 1\n'), {
    ...{ contentType: undefined, targetLabels: { service: "s" }, scrapedAtMs: startMs },
  });
  expect(scraped.records.map(({ labels }) => labels)).toEqual([{ service: "s", exported_stream_start: "x" }]);
});

describe("a scraped series", () => {
  const scraped = (name: string, kind: "gauge" | "counter", seconds: number, value: number, more = {}) => ({
    ...{ name, kind, unit: "", labels: { service: "scr", instance: "x:1" } },
    ...{ timesMs: [startMs + seconds * SECOND_MS], values: [value], ...more },
  });
  const write = async (...series: ReturnType<typeof scraped>[]) =>
    expect((await store.writeSamples(series, SENDER)).rejected).toEqual([]);

  it("is of the kind that comes with its samples, also where another one came before", async () => {
    for (let i = 0; i < 10; i++) {
      await write(
        scraped("visits_total", i < 5 ? "gauge" : "counter", i * 60, i * 10, i < 3 ? { kindGuessed: true } : {}),
      );
      if (i % 3 === 0) await upkeepOnce(store);
    }
    await upkeepOnce(store);
    expect(await total("visits")).toBe(90);
  });

  it("follows a sender that keeps changing its mind only twice within an hour", async () => {
    for (let i = 0; i < 10; i++) await write(scraped("moody_total", i % 2 === 0 ? "gauge" : "counter", i * 60, i));
    const { data } = await store.metrics.metrics({ search: "moody_total", limit: 1 });
    expect(data.items).toMatchObject([{ name: "moody_total", kind: "gauge" }]);
  });

  it("whose clock is ahead began before its first sample, although it says later", async () => {
    const start = { startMs: startMs + 600 * SECOND_MS };
    for (let i = 0; i <= 40; i++) await write(scraped("ahead_total", "counter", 305 + i * 15, 50 + i * 150, start));
    expect(await total("ahead")).toBe(6_000);
  });

  it("that is a gauge elsewhere is counted where it is a counter, and the answer says so", async () => {
    const labels = { service: "scr", instance: "y:1" };
    for (const at of [0, 60, 120])
      await write(scraped("mixed_total", "counter", at, at), scraped("mixed_total", "gauge", at, at, { labels }));
    const window = { from: new Date(startMs), to: new Date(nowMs) };
    const asked = { metric: "mixed_total", filters: [], groupBy: [], window, stepSeconds: 3_600, limit: 1 };
    expect((await store.metrics.query({ ...asked, fn: "increase" })).data).toMatchObject({ leftOut: 1 });
    expect((await store.metrics.query({ ...asked, fn: "last" })).data.leftOut).toBeUndefined();
  });
});
