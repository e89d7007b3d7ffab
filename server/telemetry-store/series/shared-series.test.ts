import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import type { MetricFunction } from "#server/agent/ports/metrics-source.ts";
import { decodeMetrics } from "#server/integrations/otlp/metrics.ts";
import { useDatabase } from "#server/testing/database.ts";
import { SENDER } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

/** Processes of one service that do not say, or say only in part, which of them they are. */
const MINUTE_MS = 60_000;
const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
// The same time in each run: a place follows from what a request says, its times included, and by chance two share one.
const nowMs = Date.UTC(2026, 10, 30, 12);
const startMs = nowMs - 10 * MINUTE_MS;
const open = () => createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
let store: BuiltinStore;
beforeAll(() => {
  store = open();
});
afterAll(() => store.close());

interface Process {
  resource?: Record<string, string>;
  /** seconds after the beginning, and what is told then */
  points: [at: number, value: number][];
  /** when it began, in seconds */
  start?: number;
}
const DELTA = { aggregationTemporality: 1, isMonotonic: true };
const UP_DOWN = { aggregationTemporality: 2, isMonotonic: false };
const COUNTER = { aggregationTemporality: 2, isMonotonic: true };

const nanos = (seconds: number) => `${startMs + seconds * 1_000}000000`;
const request = (name: string, kind: object, processes: readonly Process[]) =>
  decodeMetrics(
    Buffer.from(
      JSON.stringify({
        resourceMetrics: processes.map(({ resource = {}, points, start = 0 }) => ({
          resource: {
            attributes: Object.entries({ "service.name": "shop", ...resource }).map(([key, value]) => ({
              ...{ key, value: { stringValue: value } },
            })),
          },
          scopeMetrics: points.map(([at, value]) => ({
            metrics: [
              {
                name,
                sum: {
                  ...kind,
                  dataPoints: [{ startTimeUnixNano: nanos(start), timeUnixNano: nanos(at), asInt: String(value) }],
                },
              },
            ],
          })),
        })),
      }),
    ),
    { encoding: "json" },
  ).records;
const send = async (...given: Parameters<typeof request>) => {
  const { accepted, rejected } = await store.writeSamples(request(...given), SENDER);
  expect(rejected).toEqual([]);
  return accepted;
};
const ask = async (metric: string, fn: MetricFunction) => {
  const window = { from: new Date(startMs), to: new Date(startMs + 5 * MINUTE_MS) };
  const query = { metric, filters: [], groupBy: [], fn, window, stepSeconds: 300, limit: 1 };
  const value = (await store.metrics.query(query)).data.lines[0]?.values[0] ?? null;
  return value === null ? null : Number(value.toPrecision(6));
};

it.each([
  [
    "workers of one pod, by their number",
    { "k8s.pod.name": "p", "process.pid": "7" },
    { "k8s.pod.name": "p", "process.pid": "8" },
  ],
  [
    "containers of one pod, by their name",
    { "k8s.pod.name": "p", "process.pid": "1", "k8s.container.name": "a" },
    { "k8s.pod.name": "p", "process.pid": "1", "k8s.container.name": "b" },
  ],
  ["workers of one pod without a number, by their start", { "k8s.pod.name": "p" }, { "k8s.pod.name": "p" }],
  [
    "containers of one host, by their id",
    { "host.name": "h", "process.pid": "1", "container.id": "0123456789abcdef" },
    { "host.name": "h", "process.pid": "1", "container.id": "123456789abcdef0" },
  ],
  [
    "pods of one name in two namespaces",
    { "k8s.namespace.name": "a", "k8s.pod.name": "shop-0", "k8s.container.name": "m", "process.pid": "1" },
    { "k8s.namespace.name": "b", "k8s.pod.name": "shop-0", "k8s.container.name": "m", "process.pid": "1" },
  ],
  [
    "services of one name in two namespaces",
    { "service.namespace": "a", "service.instance.id": "1" },
    { "service.namespace": "b", "service.instance.id": "1" },
  ],
  [
    "containers in the network of their host, each with the number 1",
    { "host.name": "node1", "process.pid": "1" },
    { "host.name": "node1", "process.pid": "1" },
  ],
])("tells counters of two processes apart: %s", async (what, one, other) => {
  const name = what.replaceAll(/\W+/g, "_");
  const points = (value: number): Process["points"] => [
    [60, value],
    [120, 2 * value],
  ];
  await send(name, COUNTER, [{ resource: one, points: points(100), start: 1 }]);
  await send(name, COUNTER, [{ resource: other, points: points(50), start: 2 }]);
  expect(await ask(`${name}_total`, "increase")).toBe(300);
});

it("adds what up-down counters of two processes hold, by their starts", async () => {
  const process = (value: number, start: number): Process => ({
    points: [
      [60, value],
      [120, value],
    ],
    start,
  });
  await send("active", UP_DOWN, [process(5, 1), process(6, 2)]);
  expect(await ask("active", "last")).toBe(11);
  await send("active_apart", UP_DOWN, [process(5, 1)]);
  await send("active_apart", UP_DOWN, [process(6, 2)]);
  expect(await ask("active_apart", "last")).toBe(11);
});

describe("deltas of one instant", () => {
  const at = (value: number): Process => ({ points: [[90, value]] });

  it.each([
    ["equal", 3, 3],
    ["different", 3, 4],
  ])("of one request add up: %s", async (what, one, other) => {
    expect(await send(`one_${what}`, DELTA, [at(one), at(other)])).toBe(2);
    expect(await ask(`one_${what}_total`, "increase")).toBe(one + other);
  });

  it("of several requests add up, one after the other and at once, and also when they are rolled up", async () => {
    await send("apart", DELTA, [at(3)]);
    await send("apart", DELTA, [at(4)]);
    await Promise.all([1, 2, 5].map((value) => send("at_once", DELTA, [at(value)])));
    expect([await ask("apart_total", "increase"), await ask("at_once_total", "increase")]).toEqual([7, 8]);
    await upkeepOnce(store);
    expect([await ask("apart_total", "increase"), await ask("at_once_total", "increase")]).toEqual([7, 8]);
  });

  it("of a request that is sent again count once, also after another one and by a writer that knows nothing", async () => {
    const first = [at(3), at(3)];
    for (const processes of [first, first, [at(4)], first, [at(4)]]) await send("repeated", DELTA, processes);
    expect(await ask("repeated_total", "increase")).toBe(10);
    const other = open();
    await other.writeSamples(request("repeated", DELTA, first), SENDER);
    await other.close();
    expect(await ask("repeated_total", "increase")).toBe(10);
  });

  it("that come late or after a restart land on nobody's", async () => {
    const later: Process = { points: [[100, 5]] };
    for (const process of [at(3), later, at(4)]) await send("late", DELTA, [process]);
    const restarted = open();
    await restarted.writeSamples(request("late", DELTA, [at(6)]), SENDER);
    await restarted.close();
    expect(await ask("late_total", "increase")).toBe(18);
    await upkeepOnce(store);
    expect(await ask("late_total", "increase")).toBe(18);
  });

  it("at a full minute stay in what all steps sum up to", async () => {
    const full = (value: number): Process => ({ points: [[120, value]] });
    await send("full", DELTA, [full(3)]);
    await send("full", DELTA, [full(4)]);
    await upkeepOnce(store);
    expect(await ask("full_total", "increase")).toBe(7);
  });
});
