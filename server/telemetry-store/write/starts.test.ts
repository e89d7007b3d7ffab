import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { decodeMetrics } from "#server/integrations/otlp/metrics.ts";
import { useDatabase } from "#server/testing/database.ts";
import { SENDER } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

/** What is sent is what is read, whatever a sender says of its start and in whichever order its points come. */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const startMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS;
const open = () => createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(startMs + HOUR_MS) });
let store: BuiltinStore;
beforeAll(() => {
  store = open();
});
afterAll(() => store.close());

/** minutes; `start` is in ms besides */
interface Point {
  start?: number;
  at: number;
  value: number;
}
type Type = "sum" | "delta" | "histogram";
const nanos = (ms: number) => `${BigInt(Math.round((startMs + ms) * 1_000)) * 1_000n}`;
const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });

function dataOf(type: Type, { start = 0, at, value }: Point) {
  const times = { startTimeUnixNano: nanos(start), timeUnixNano: nanos(at * MINUTE_MS) };
  if (type !== "histogram") return { ...times, asDouble: value };
  return {
    ...times,
    count: value,
    sum: value * 5,
    explicitBounds: [1],
    bucketCounts: [String(value / 2), String(value / 2)],
  };
}
function requestOf(
  name: string,
  type: Type,
  points: readonly (readonly [sequence: number, point: Point])[],
  identified: boolean,
) {
  const resourceMetrics = points.map(([sequence, point]) => {
    const own = attribute(identified ? "service.instance.id" : "host.name", String(sequence));
    const attributes = [attribute("service.name", "shop"), own];
    const data = { aggregationTemporality: type === "delta" ? 1 : 2, dataPoints: [dataOf(type, point)] };
    const metric = type === "histogram" ? { name, histogram: data } : { name, sum: { ...data, isMonotonic: true } };
    return { resource: { attributes }, scopeMetrics: [{ metrics: [metric] }] };
  });
  return decodeMetrics(Buffer.from(JSON.stringify({ resourceMetrics })), { encoding: "json" }).records;
}

interface Way {
  type?: Type;
  identified?: boolean;
  /** each round by a writer that remembers nothing */
  forgetful?: boolean;
  /** each point is rolled up before the next one comes */
  rolled?: boolean;
}
/** Sends the first points of all sequences, each of its own process, then their second ones, and so on. */
async function send(name: string, sequences: readonly (readonly Point[])[], way: Way = {}) {
  const { type = "sum", identified = true, forgetful = false, rolled = false } = way;
  for (let k = 0; k < Math.max(...sequences.map(({ length }) => length)); k++) {
    const round = sequences.flatMap((points, i) => points.slice(k, k + 1).map((point) => [i, point] as const));
    const writer = forgetful ? open() : store;
    expect((await writer.writeSamples(requestOf(name, type, round, identified), SENDER)).rejected).toEqual([]);
    if (forgetful) await writer.close();
    if (rolled) await upkeepOnce(store);
  }
}

/** What each sequence counted, in their order. */
async function totals(metric: string): Promise<number[]> {
  const window = { from: new Date(startMs - HOUR_MS), to: new Date(startMs + HOUR_MS) };
  const asked = { metric, fn: "increase" as const, filters: [], groupBy: ["instance"], window, stepSeconds: 7_200 };
  const { data } = await store.metrics.query({ ...asked, limit: 500, exact: true });
  return data.lines
    .toSorted((a, b) => Number(a.labels.instance) - Number(b.labels.instance))
    .map(({ values }) => Number(values.reduce<number>((sum, one) => sum + (one ?? 0), 0).toPrecision(9)));
}

const permutations = <T>(all: readonly T[]): T[][] =>
  all.length < 2
    ? [[...all]]
    : all.flatMap((one, i) => permutations(all.toSpliced(i, 1)).map((others) => [one, ...others]));

const WAYS: [string, Way][] = [
  ["of counters", {}],
  ["of processes without an id", { identified: false }],
  ["of writers that remember nothing", { forgetful: true }],
  ["that are rolled up in between", { rolled: true }],
];

describe("points that come in any order", () => {
  const five = permutations([1, 2, 3, 4, 5].map((at): Point => ({ at, value: 10 * at })));

  it.each(WAYS)("count once, %s", async (what, way) => {
    const name = what.replaceAll(" ", "_");
    await send(name, five, way);
    expect(await totals(`${name}_total`)).toEqual(five.map(() => 50));
    if (way.rolled) await upkeepOnce(store);
    expect(await totals(`${name}_total`)).toEqual(five.map(() => 50));
  });

  it("count once, of histograms", async () => {
    await send("took", five, { type: "histogram" });
    for (const [metric, wanted] of [
      ["took_count", 50],
      ["took_sum", 250],
    ] as const)
      expect([metric, await totals(metric)]).toEqual([metric, five.map(() => wanted)]);
  });

  it("count once where a series of births tells the start", async () => {
    const plain = (sequence: number, { at, value }: Point, created: boolean) => ({
      ...{ name: created ? "born_created" : "born_total", kind: created ? ("gauge" as const) : ("counter" as const) },
      ...{ unit: "", labels: { service: "shop", instance: String(sequence) }, timesMs: [startMs + at * MINUTE_MS] },
      values: [created ? startMs / 1_000 : value],
    });
    for (let k = 0; k < 5; k++)
      await store.writeSamples(
        five.flatMap((points, i) => [plain(i, points[k] as Point, false), plain(i, points[k] as Point, true)]),
        SENDER,
      );
    expect(await totals("born_total")).toEqual(five.map(() => 50));
  });
});

it.each([3, 0.005])(
  "adds equal deltas of two processes without identity whose starts differ by %s ms",
  async (apart) => {
    const name = `equal_${String(apart).replace(".", "_")}`;
    for (let at = 1; at <= 4; at++)
      for (const shift of [0, apart, apart]) {
        const start = (at - 1) * MINUTE_MS + shift;
        await send(name, [[{ start, at, value: 5 }]], { type: "delta", identified: false });
      }
    expect(await totals(`${name}_total`)).toEqual([40]);
  },
);
