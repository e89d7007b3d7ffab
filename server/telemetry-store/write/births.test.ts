import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import type { SeriesSamples } from "#server/agent/ports/telemetry.ts";
import { decodeMetrics } from "#server/integrations/otlp/metrics.ts";
import { parseExposition } from "#server/integrations/prometheus/exposition.ts";
import { useDatabase } from "#server/testing/database.ts";
import { SENDER } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS;
/** whole minutes in which each test has a metric of its own */
const startMs = nowMs - 30 * MINUTE_MS;
const open = () => createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
let store: BuiltinStore;
beforeAll(() => {
  store = open();
});
afterAll(() => store.close());

/** All that a counter grew by, however it is cut into steps. */
const total = async (metric: string, stepSeconds: number) => {
  const window = { from: new Date(startMs), to: new Date(startMs + 20 * MINUTE_MS) };
  const query = { metric, filters: [], groupBy: [], fn: "increase" as const, window, stepSeconds, limit: 1 };
  const { data } = await store.metrics.query(query);
  const sum = data.lines[0]?.values.reduce<number>((all, value) => all + (value ?? 0), 0);
  return sum === undefined ? null : Number(sum.toPrecision(9));
};

type Point = [atSeconds: number, value: number, startSeconds?: number];
const nanos = (seconds: number) => `${startMs + seconds * 1_000}000000`;
const point = ([at, value, start]: Point) => ({
  ...{ timeUnixNano: nanos(at), asInt: String(value) },
  ...(start !== undefined && { startTimeUnixNano: nanos(start) }),
});

/** One export a point, as cumulative monotonic sums of one resource. */
const exported = (name: string, points: readonly Point[], resource: Record<string, string> = {}): SeriesSamples[] =>
  points.flatMap((one) => {
    const said = { "service.name": "shop", ...resource };
    const attributes = Object.entries(said).map(([key, value]) => ({ key, value: { stringValue: value } }));
    const sum = { isMonotonic: true, aggregationTemporality: 2, dataPoints: [point(one)] };
    const request = { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics: [{ name, sum }] }] }] };
    return decodeMetrics(Buffer.from(JSON.stringify(request)), { encoding: "json" }).records;
  });

const ID = { "service.instance.id": "a" };
const CASES: [what: string, points: Point[], resource: Record<string, string>, wanted: number][] = [
  ["a job that exports 500 once, with a start", [[130, 500, 70]], ID, 500],
  [
    "a restart to a higher value, with a new start",
    [
      [60, 100, 1],
      [120, 150, 90],
    ],
    ID,
    250,
  ],
  [
    "a restart to a lower value, with a new start",
    [
      [60, 100, 1],
      [120, 50, 90],
    ],
    ID,
    150,
  ],
  [
    "a restart within a minute",
    [
      [61, 100, 1],
      [75, 150, 70],
      [80, 160, 70],
    ],
    ID,
    260,
  ],
  [
    "a start that is told again and again",
    [
      [60, 100, 1],
      [120, 150, 1],
      [180, 170, 1],
    ],
    ID,
    170,
  ],
  [
    "a beginning that the sender does not know",
    [
      [60, 100, 60],
      [120, 150, 60],
    ],
    ID,
    50,
  ],
  [
    "no start: only what was seen",
    [
      [60, 100],
      [120, 150],
    ],
    ID,
    50,
  ],
  [
    "no start: a fall is a new beginning",
    [
      [60, 100],
      [120, 30],
    ],
    ID,
    30,
  ],
  [
    "two processes of no identity but their starts",
    [
      [60, 500, 1],
      [61, 900, 2],
      [120, 1_000, 1],
      [121, 1_000, 2],
    ],
    {},
    2_000,
  ],
  [
    "two processes of one host",
    [
      [60, 500, 1],
      [61, 900, 2],
      [120, 1_000, 1],
      [121, 1_000, 2],
    ],
    { "host.name": "h" },
    2_000,
  ],
  [
    "samples out of order",
    [
      [120, 150, 1],
      [60, 100, 1],
    ],
    ID,
    150,
  ],
];

describe("what a counter counted", () => {
  it.each(CASES)("%s", async (what, points, resource, wanted) => {
    const name = what.replace(/[^a-z0-9]+/g, "_");
    for (const one of exported(name, points, resource))
      expect((await store.writeSamples([one], SENDER)).rejected).toEqual([]);
    for (const stepSeconds of [1, 60, 300]) expect(await total(`${name}_total`, stepSeconds)).toBe(wanted);
  });

  it("is the same by a writer that remembers nothing, and by one batch", async () => {
    const points: Point[] = [
      [60, 100, 1],
      [120, 150, 90],
      [180, 170, 90],
    ];
    for (const one of exported("forgotten", points, ID)) {
      const other = open();
      await other.writeSamples([one], SENDER);
      await other.close();
    }
    await store.writeSamples(exported("at_once", points, ID), SENDER);
    expect([await total("forgotten_total", 60), await total("at_once_total", 60)]).toEqual([270, 270]);
  });

  it("tells processes of one service apart by host and process", async () => {
    for (const pid of ["1", "2"])
      await store.writeSamples(
        exported(
          "by_pid",
          [
            [60, 500, 1],
            [120, 1_000, 1],
          ],
          { "host.name": "h", "process.pid": pid },
        ),
        SENDER,
      );
    expect(await total("by_pid_total", 60)).toBe(2_000);
    const { data } = await store.metrics.labelValues({ metric: "by_pid_total", label: "instance", limit: 5 });
    expect(data).toEqual(["h:1", "h:2"]);
  });

  it.each(["application/openmetrics-text", "text/plain"])(
    "begins where `_created` says, in %s",
    async (contentType) => {
      const metric = contentType.includes("open") ? "om" : "plain";
      const scrape = (at: number, value: number, created: number) => {
        const born = (startMs + created * 1_000) / 1_000;
        const text = `# TYPE ${metric}${metric === "om" ? "" : "_total"} counter\n${metric}_total{a="b"} ${value}\n${metric}_created{a="b"} ${born}\n# EOF\n`;
        const options = { contentType, targetLabels: { service: "s" }, scrapedAtMs: startMs + at * 1_000 };
        return parseExposition(Buffer.from(text), options).records;
      };
      for (const [at, value, created] of [
        [60, 100, 1],
        [120, 150, 90],
        [180, 170, 90],
      ] as const) {
        const records = scrape(at, value, created);
        expect(records.map((one) => one.name)).toEqual([`${metric}_total`]);
        await store.writeSamples(records, SENDER);
      }
      expect(await total(`${metric}_total`, 60)).toBe(270);
    },
  );

  describe("by series of births that are sent on as plain ones", () => {
    const bornAt = (seconds: number) => (startMs + seconds * 1_000) / 1_000;
    const plain = (name: string, at: number, value: number, labels: Record<string, string> = {}): SeriesSamples => ({
      ...{ name, kind: name.endsWith("_created") ? "gauge" : "counter", unit: "", labels: { service: "s", ...labels } },
      ...{ timesMs: [startMs + at * 1_000], values: [value] },
    });
    const listed = async (search: string) =>
      (await store.metrics.metrics({ search, limit: 9 })).data.items.map(({ name }) => name);
    const scrapes = [
      [60, 100, 1],
      [120, 150, 90],
      [180, 170, 90],
    ] as const;

    it.each(["together", "counter first", "birth first"])("begins where they say, %s", async (order) => {
      const name = `sent_${order.replace(" ", "_")}`;
      for (const [at, value, created] of scrapes) {
        const counter = plain(`${name}_total`, at, value, { a: "b" });
        const birth = plain(`${name}_created`, at, bornAt(created), { a: "b" });
        const requests = { together: [[birth, counter]], "counter first": [[counter], [birth]] }[order];
        for (const request of requests ?? [[birth], [counter]])
          expect(await store.writeSamples(request, SENDER)).toEqual({ accepted: request.length, rejected: [] });
      }
      expect(await total(`${name}_total`, 60)).toBe(270);
      expect(await listed(name)).toEqual([`${name}_total`]);
    });

    it("holds for all series of a histogram, and for what is rolled up", async () => {
      const other = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
      for (const [at, value, created] of scrapes) {
        await other.writeSamples(
          [plain("took_count", at, value), plain("took_bucket", at, value, { le: "1" })],
          SENDER,
        );
        await upkeepOnce(other);
        await other.writeSamples([plain("took_created", at, bornAt(created))], SENDER);
      }
      await upkeepOnce(other);
      await other.close();
      expect([await total("took_count", 60), await total("took_bucket", 60)]).toEqual([270, 270]);
      expect(await listed("took")).toEqual(["took"]);
    });

    it("leaves gauges alone that are only named so", async () => {
      const pods = [
        plain("kube_pod_created", 60, bornAt(1)),
        plain("files_created", 60, 12),
        plain("files_total", 60, 5),
      ];
      expect(await store.writeSamples(pods, SENDER)).toEqual({ accepted: 3, rejected: [] });
      expect(await listed("_created")).toEqual(expect.arrayContaining(["files_created", "kube_pod_created"]));
    });
  });

  it.each([
    ["without an instance id", "shop", { OTEL_NODE_RESOURCE_DETECTORS: "env" }],
    ["with one id that both inherit", "checkout", { OTEL_RESOURCE_ATTRIBUTES: "service.instance.id=checkout-1" }],
  ])(
    "is exact of two processes of one service that run the OpenTelemetry SDK %s",
    async (_, service, resource) => {
      const bodies: Buffer[] = [];
      const server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          bodies.push(Buffer.concat(chunks));
          response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const env = {
        ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
        OTEL_SERVICE_NAME: service,
        ...resource,
        ...{ OTEL_METRIC_EXPORT_INTERVAL: "100", OTEL_METRIC_EXPORT_TIMEOUT: "90" },
      };
      const program = join(import.meta.dirname, "../../testing/otel-counters.ts");
      const run = () =>
        new Promise((resolve) => spawn(process.execPath, [program], { env, stdio: "ignore" }).once("close", resolve));
      const live = createTelemetryStore({ databaseUrl: database.url, config });
      try {
        const from = new Date(Date.now() - MINUTE_MS);
        expect(await Promise.all([run(), run()])).toEqual([0, 0]);
        for (const body of bodies) {
          const { records, rejected } = decodeMetrics(body, { encoding: "protobuf" });
          expect(rejected).toEqual([]);
          await live.writeSamples(records, SENDER);
        }
        const window = { from, to: new Date(Date.now() + MINUTE_MS) };
        const filters = [{ label: "service", op: "=" as const, value: service }];
        const query = { metric: "jobs_done_total", filters, groupBy: [], fn: "increase" as const, limit: 1 };
        const { data } = await live.metrics.query({ ...query, window, stepSeconds: 1 });
        expect(data.lines[0]?.values.reduce<number>((all, value) => all + (value ?? 0), 0)).toBeCloseTo(2_000, 6);
      } finally {
        await live.close();
        await new Promise((resolve) => server.close(resolve));
      }
    },
    60_000,
  );

  it("is the same from rollups", async () => {
    await upkeepOnce(store);
    for (const [what, , , wanted] of CASES)
      expect([what, await total(`${what.replace(/[^a-z0-9]+/g, "_")}_total`, 60)]).toEqual([what, wanted]);
  });
});
