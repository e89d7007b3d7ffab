import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { decodeMetrics } from "#server/integrations/otlp/metrics.ts";
import { useDatabase } from "#server/testing/database.ts";
import { SENDER } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS;
const startMs = nowMs - 30 * MINUTE_MS;
const open = () => createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
let store: BuiltinStore;
beforeAll(() => {
  store = open();
});
afterAll(() => store.close());

interface Point {
  at: number;
  /** seconds; null: 0, which is "not said" */
  start: number | null;
  value: number;
}
type Type = "sum" | "histogram" | "exponentialHistogram";

/** A counter of a million before anybody looked, and 5 more every ten seconds. */
const grown = (first: number, count: number, startOf: (at: number, i: number) => number | null, from = 1_000_000) =>
  Array.from({ length: count }, (_, i): Point => {
    const at = first + i * 10;
    return { at, start: startOf(at, i), value: from + i * 5 };
  });

const nanos = (seconds: number | null) => (seconds === null ? 0 : `${startMs + seconds * 1_000}000000`);

function dataOf(type: Type, { at, start, value }: Point) {
  const times = { timeUnixNano: nanos(at), startTimeUnixNano: nanos(start) };
  if (type === "sum") return { ...times, asInt: String(value) };
  if (type === "histogram")
    return { ...times, count: value, sum: value * 2, explicitBounds: [1], bucketCounts: [String(value), "0"] };
  // what was seen before lies between 1 and 2, what comes between 2 and 4: a bound of its own, from the second point on
  const more = Math.max(0, value - 1_000_000);
  const positive = { offset: 0, bucketCounts: [String(value - more), String(more)] };
  return { ...times, count: value, sum: value * 2, scale: 0, zeroCount: 0, positive };
}

function exported(name: string, type: Type, points: readonly Point[], resource: Record<string, string>) {
  const attributes = Object.entries({ "service.name": "shop", ...resource }).map(([key, value]) => ({
    ...{ key, value: { stringValue: value } },
  }));
  const data = {
    ...{ aggregationTemporality: 2, dataPoints: points.map((one) => dataOf(type, one)) },
    ...(type === "sum" && { isMonotonic: true }),
  };
  const metric = { name, [type]: data };
  const request = { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics: [metric] }] }] };
  return decodeMetrics(Buffer.from(JSON.stringify(request)), { encoding: "json" }).records;
}

async function total(metric: string, stepSeconds: number, filters: { label: string; op: "="; value: string }[] = []) {
  const window = { from: new Date(startMs), to: new Date(startMs + 25 * MINUTE_MS) };
  const query = { metric, filters, groupBy: [], fn: "increase" as const, window, stepSeconds, limit: 1 };
  const { data } = await store.metrics.query(query);
  const sum = data.lines[0]?.values.reduce<number>((all, value) => all + (value ?? 0), 0);
  return sum === undefined ? null : Number(sum.toPrecision(9));
}

const FIRST = 60;
const own = (at: number) => at;
const ofFirst = () => FIRST;
const restart = (startOf: (at: number, i: number) => number | null) => grown(400, 31, startOf, 2_000_000);
const ID = { "service.instance.id": "a" };
const NONE = {};

const CASES: [what: string, points: Point[], resource: Record<string, string>, wanted: number][] = [
  ["start of the first point throughout", grown(FIRST, 61, ofFirst), NONE, 300],
  ["start of the first point throughout, with an id", grown(FIRST, 61, ofFirst), ID, 300],
  ["start of the first point throughout, by host", grown(FIRST, 61, ofFirst), { "host.name": "h" }, 300],
  ["start is the time of every point", grown(FIRST, 61, own), NONE, 300],
  ["start is the time of every point, with an id", grown(FIRST, 61, own), ID, 300],
  ["start is not said", grown(FIRST, 61, () => null), NONE, 300],
  [
    "start is not said at first, then that of the first",
    grown(FIRST, 61, (_, i) => (i === 0 ? null : FIRST)),
    NONE,
    300,
  ],
  [
    "start is the time of the first alone, then not said",
    grown(FIRST, 61, (at, i) => (i === 0 ? at : null)),
    NONE,
    300,
  ],
  ["a true start counts what came before the first sample", grown(FIRST, 61, () => 10, 100), NONE, 400],
  [
    "two processes that do not know their starts",
    [...grown(FIRST, 61, ofFirst), ...grown(FIRST + 1, 61, () => FIRST + 1, 3_000_000)].sort((a, b) => a.at - b.at),
    NONE,
    600,
  ],
  [
    "one process that knows its start, and one that does not",
    [...grown(FIRST, 61, ofFirst), ...grown(FIRST + 1, 61, () => 5, 100)].sort((a, b) => a.at - b.at),
    NONE,
    700,
  ],
  [
    // what the second process had counted is unknown; with an id a rise is growth
    "a restart whose start is unknown, too",
    [...grown(FIRST, 31, ofFirst), ...restart(() => 400)],
    NONE,
    300,
  ],
  ["a restart with a true start", [...grown(FIRST, 31, ofFirst), ...grown(400, 31, () => 365, 1_000)], NONE, 1_300],
  [
    "a restart with a true start, with an id",
    [...grown(FIRST, 31, ofFirst), ...grown(400, 31, () => 365, 1_000)],
    ID,
    1_300,
  ],
  [
    "a reset to a lower value whose start is unknown",
    [...grown(FIRST, 31, ofFirst), ...grown(400, 31, () => 400, 50)],
    NONE,
    300,
  ],
  [
    // the fall shows that these 50 were counted after the sample before
    "a reset to a lower value whose start is unknown, with an id",
    [...grown(FIRST, 31, ofFirst), ...grown(400, 31, () => 400, 50)],
    ID,
    350,
  ],
  [
    "a restart of a sender that starts with every point",
    [...grown(FIRST, 31, own), ...grown(400, 31, own, 20)],
    NONE,
    320,
  ],
  [
    "the first point comes last",
    grown(FIRST, 61, ofFirst).toSorted((a, b) => Number(a.at === FIRST) - Number(b.at === FIRST)),
    NONE,
    300,
  ],
];

const WAYS = ["one at a time", "in one batch", "by writers that remember nothing"] as const;
const nameOf = (what: string, way: string, type: Type) =>
  `${type}_${way}_${what}`.toLowerCase().replace(/[^a-z0-9]+/g, "_");

/** The points by which starts are told, each in a request of its own; what follows changes nothing. */
const SINGLE = 4;

async function send(name: string, type: Type, points: readonly Point[], resource: Record<string, string>, way: string) {
  const single = way === "in one batch" ? 0 : SINGLE;
  const [told, rest] = [points.slice(0, single), points.slice(single)];
  const later = rest.findIndex(({ start }) => start !== rest[0]?.start);
  const parts = single === 0 || later < 0 ? [rest] : [rest.slice(0, later), [rest[later]], rest.slice(later + 1)];
  const batches = [...told.map((one) => [one]), ...parts].map((part) =>
    exported(
      name,
      type,
      part.flatMap((one) => one ?? []),
      resource,
    ),
  );
  for (const [i, batch] of batches.entries()) {
    const writer = way === "by writers that remember nothing" && i < SINGLE ? open() : store;
    expect((await writer.writeSamples(batch, SENDER)).rejected).toEqual([]);
    if (writer !== store) await writer.close();
  }
}

describe("a counter whose sender does not know when it began", () => {
  describe.each(WAYS)("%s", (way) => {
    it.each(CASES)("%s", async (what, points, resource, wanted) => {
      const name = nameOf(what, way, "sum");
      await send(name, "sum", points, resource, way);
      for (const stepSeconds of [10, 60, 300]) expect(await total(`${name}_total`, stepSeconds)).toBe(wanted);
    });
  });

  it.each([
    ["without an id", NONE],
    ["with an id", ID],
  ])("holds for all series of histograms, %s", async (what, resource) => {
    for (const type of ["histogram", "exponentialHistogram"] as const)
      for (const way of WAYS.slice(0, 2)) {
        const name = nameOf(what, way, type);
        await send(name, type, grown(FIRST, 61, ofFirst), resource, way);
        expect(await total(`${name}_count`, 60)).toBe(300);
        expect(await total(`${name}_sum`, 60)).toBe(600);
        const bounds =
          type === "histogram"
            ? [["1", 300]]
            : [
                ["1", 0],
                ["2", 0],
                ["4", 295],
              ];
        for (const [le, wanted] of [...bounds, ["+Inf", 300]])
          expect([le, await total(`${name}_bucket`, 60, [{ label: "le", op: "=", value: String(le) }])]).toEqual([
            le,
            wanted,
          ]);
      }
  });

  it("is the same where every point is rolled up before the next comes", async () => {
    for (const point of grown(FIRST, 31, ofFirst)) {
      await store.writeSamples(exported("rolled", "sum", [point], NONE), SENDER);
      await upkeepOnce(store);
    }
    for (const stepSeconds of [10, 60, 300]) expect(await total("rolled_total", stepSeconds)).toBe(150);
  });

  it("is the same from rollups", async () => {
    await upkeepOnce(store);
    for (const way of WAYS)
      for (const [what, , , wanted] of CASES)
        expect([what, await total(`${nameOf(what, way, "sum")}_total`, 60)]).toEqual([what, wanted]);
  });
});
