import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import pg from "pg";
import protobuf from "protobufjs/minimal.js";
import snappy from "snappyjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { createTestCollector, type TestCollector } from "../testing/collector.ts";
import { testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { eventually } from "../testing/local-platform/daemon.ts";
import { isInstalled, named, startPrometheus } from "../testing/monitoring-servers.ts";
import { serve } from "../testing/serve.ts";
import { writeRequest2 } from "../testing/telemetry/wire.ts";
import { forwardIngest } from "./forward.ts";

const database = useDatabase();
let collector: TestCollector;
let client: pg.Client;
beforeAll(async () => {
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  collector = createTestCollector({ databaseUrl: database.url });
  await collector.start();
});
afterAll(async () => {
  await collector.dispose();
  await client.end();
});

const SECRET = "opi_of_this_machine";
/** The way in, as the web process serves it. */
function serveWeb() {
  process.env.OPERATE_INGEST_SECRET = SECRET;
  const runtime = { ...testContext(database), dataDir: collector.dataDir };
  return serve((request) =>
    forwardIngest(runtime, request, new URL(request.url).pathname.replace(/^\/api\/ingest/, "")),
  );
}

const JSON_TYPE = { "content-type": "application/json" };
const PROTOBUF = { "content-type": "application/x-protobuf" };
const nanos = (ms = Date.now()) => `${ms}000000`;
const rowsOf = async <T extends object>(sql: string): Promise<T[]> => (await client.query(sql)).rows;
const linesOf = (service: string) =>
  rowsOf<{ body: string; severity: number; template: string | null; attributes: Record<string, unknown> | null }>(
    `select l.body, l.severity, p.template, l.attributes from log_line l left join log_pattern p on p.id = l.pattern_id
     where service = '${service}' order by l.at, l.id`,
  );
/** One an instant, as all reads take them: a sender that repeats itself after a crash may leave two rows of one. */
const samplesOf = (service: string) =>
  rowsOf<{ name: string; kind: number; labels: Record<string, string>; value: number }>(
    `select m.name, m.kind, m.labels, s.value from metric_series m
       join (select distinct on (series_id, at) * from metric_sample order by series_id, at) s on s.series_id = m.id
     where m.service = '${service}' order by m.name, s.at`,
  );

const logsOf = (service: string, bodies: readonly string[]) =>
  JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
        scopeLogs: [
          {
            logRecords: bodies.map((body) => ({
              timeUnixNano: nanos(),
              severityNumber: 9,
              body: { stringValue: body },
            })),
          },
        ],
      },
    ],
  });

describe("OTLP", () => {
  it("lines are stored with their pattern before they are acknowledged, however they are compressed", async () => {
    const compress = { gzip: gzipSync, deflate: deflateSync, zstd: zstdCompressSync, identity: Buffer.from };
    for (const [encoding, how] of Object.entries(compress)) {
      const body = how(Buffer.from(logsOf(encoding, ["order 17 paid", "order 18 paid"])));
      const { status, text } = await collector.send("/v1/logs", body, { ...JSON_TYPE, "content-encoding": encoding });
      expect([status, text]).toEqual([200, "{}"]);
      const lines = (await linesOf(encoding)).map(({ body, template }) => [body, template]);
      expect(lines).toEqual([
        ["order 17 paid", "order <*> paid"],
        ["order 18 paid", "order <*> paid"],
      ]);
    }
  });

  it("a pattern keeps its id when it becomes more general, and after a restart", async () => {
    const say = (...bodies: string[]) => collector.send("/v1/logs", logsOf("general", bodies), JSON_TYPE);
    const patterns = async () => [
      ...new Set(
        (
          await rowsOf<{ id: number }>(
            `select coalesce(p.merged_into, p.id) as id from log_line l join log_pattern p on p.id = l.pattern_id
             where service = 'general'`,
          )
        ).map(({ id }) => id),
      ),
    ];
    await say("cache entry alpha of shop evicted early", "cache entry beta of shop evicted early");
    await say("cache entry gamma of shop evicted early", "cache entry delta of shop evicted early");
    await collector.end("SIGTERM");
    await collector.start();
    await say("cache entry epsilon of shop evicted early", "cache entry zeta of shop evicted early");
    expect(await patterns()).toHaveLength(1);
    expect((await linesOf("general")).at(-1)?.template).toBe("cache entry <*> of shop evicted early");
  });

  it("one bad record is named and does not lose the others", async () => {
    const old = JSON.parse(logsOf("partly", ["kept", "too old"]));
    old.resourceLogs[0].scopeLogs[0].logRecords[1].timeUnixNano = nanos(Date.parse("2020-01-01"));
    const { status, text } = await collector.send("/v1/logs", JSON.stringify(old), JSON_TYPE);
    expect([status, JSON.parse(text)]).toEqual([
      200,
      { partialSuccess: { rejectedLogRecords: "1", errorMessage: expect.stringMatching(/7 days.*too old/) } },
    ]);
    expect((await linesOf("partly")).map(({ body }) => body)).toEqual(["kept"]);
    const [refusal] = await rowsOf(`select signal, sender, count::int, example from ingest_refusal`);
    expect(refusal).toMatchObject({ signal: "logs", sender: "test", count: 1, example: "too old" });
  });
});

describe("Loki", () => {
  it("lines are parsed, and the lines of a stack trace are one", async () => {
    const at = Date.now();
    const values = [
      [nanos(at), '{"level":"warn","msg":"stock of 17 is low","sku":"a-1"}'],
      [nanos(at + 1), "TypeError: x is not a function"],
      [nanos(at + 1), "    at charge (pay.js:10:5)"],
      [nanos(at + 2), 'level=error msg="no answer" peer=db'],
    ];
    const body = JSON.stringify({ streams: [{ stream: { app: "loki-shop", env: "staging" }, values }] });
    expect(await collector.send("/loki/api/v1/push", body, JSON_TYPE)).toMatchObject({ status: 204, text: "" });
    expect(await linesOf("loki-shop")).toMatchObject([
      { body: "stock of 17 is low", severity: 13, attributes: { sku: "a-1" } },
      { body: "TypeError: x is not a function\n    at charge (pay.js:10:5)" },
      { body: "no answer", severity: 17, attributes: { peer: "db" } },
    ]);
  });
});

describe("remote write", () => {
  it("samples of Prometheus are stored as they are named", async () => {
    const writer = protobuf.Writer.create().uint32(10).fork();
    for (const [name, value] of Object.entries({ __name__: "orders_total", job: "prom-shop", instance: "a:1" }))
      writer.uint32(10).fork().uint32(10).string(name).uint32(18).string(value).ldelim();
    writer.uint32(18).fork().uint32(9).double(42).uint32(16).int64(Date.now()).ldelim();
    const body = Buffer.from(snappy.compress(writer.ldelim().finish()));
    const headers = { ...PROTOBUF, "content-encoding": "snappy", "x-prometheus-remote-write-version": "0.1.0" };
    expect((await collector.send("/api/v1/write", body, headers)).status).toBe(204);
    expect(await samplesOf("prom-shop")).toMatchObject([
      { name: "orders_total", kind: 1, labels: { job: "prom-shop", instance: "a:1" }, value: 42 },
    ]);
  });

  it.skipIf(!isInstalled("prometheus"))(
    named("of a real Prometheus arrives whole, also what it scraped while the collector was away", "prometheus"),
    async () => {
      const web = await serveWeb();
      let scrapes = 0;
      const page = await serve(async () => new Response(`orders_total ${++scrapes}\n`));
      const folder = mkdtempSync(join(tmpdir(), "operate-prometheus-"));
      const configFile = join(folder, "prometheus.yml");
      writeFileSync(
        configFile,
        stringify({
          global: { scrape_interval: "1s" },
          remote_write: [{ url: `${web.url}/api/v1/write`, basic_auth: { username: "any", password: SECRET } }],
          scrape_configs: [{ job_name: "scraped", static_configs: [{ targets: [new URL(page.url).host] }] }],
        }),
      );
      const prometheus = await startPrometheus({ configFile });
      const values = async (name: string) =>
        (await samplesOf("scraped")).filter((sample) => sample.name === name).map((sample) => sample.value);
      await eventually(async () => (await values("orders_total")).length >= 2);
      await collector.end("SIGKILL");
      const before = scrapes;
      await eventually(async () => scrapes >= before + 2);
      await collector.start();
      await eventually(async () => (await values("orders_total")).includes(before + 3));
      expect(await values("orders_total")).toEqual(
        Array.from({ length: (await values("orders_total")).length }, (_, i) => i + 1),
      );
      expect(new Set(await values("up"))).toEqual(new Set([1]));
      await prometheus.stop();
      await page.close();
      await web.close();
      rmSync(folder, { recursive: true });
    },
    60_000,
  );

  it("in its second version is taken, and told how much of it was written", async () => {
    const web = await serveWeb();
    const body = writeRequest2([
      {
        ...{ labels: { __name__: "done", job: "two-shop" }, type: 1, created_timestamp: Date.now() - 60_000 },
        samples: [{ value: 42, timestamp: Date.now() }],
      },
    ]);
    const headers = {
      ...{ authorization: `Bearer ${SECRET}`, "content-encoding": "snappy" },
      "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
    };
    const answer = await fetch(`${web.url}/api/v1/write`, { method: "POST", body: Buffer.from(body), headers });
    const written = (what: string) => answer.headers.get(`x-prometheus-remote-write-${what}-written`);
    expect([answer.status, ...["samples", "histograms", "exemplars"].map(written)]).toEqual([204, "1", "0", "0"]);
    expect(await samplesOf("two-shop")).toMatchObject([{ name: "done", kind: 1, value: 42 }]);
    await web.close();
  });

  it("in a version that nobody knows is refused with what to set", async () => {
    const headers = { "content-type": "application/x-protobuf;proto=io.prometheus.write.v3.Request" };
    const { status, text } = await collector.send("/api/v1/write", "x", headers);
    expect([status, text]).toEqual([415, expect.stringContaining("prometheus.WriteRequest")]);
  });
});

describe("the official SDK of OpenTelemetry", () => {
  it("sends all three signals with three lines of configuration", async () => {
    const web = await serveWeb();
    const child = fork(join(import.meta.dirname, "../testing/otel-service.ts"), {
      env: {
        PATH: process.env.PATH,
        OTEL_EXPORTER_OTLP_ENDPOINT: `${web.url}/api/ingest`,
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${SECRET}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
        OTEL_SERVICE_NAME: "sdk-shop",
        OTEL_RESOURCE_ATTRIBUTES: "service.version=1.2.0,deployment.environment.name=staging",
      } as unknown as NodeJS.ProcessEnv,
    });
    expect(await once(child, "exit")).toEqual([0, null]);
    const origin = { service: "sdk-shop", environment: "staging", version: "1.2.0" };
    const spans = await eventually(async () => {
      const found = await rowsOf<{ name: string; trace: string }>(
        `select *, replace(trace_id::text, '-', '') as trace from span where service = 'sdk-shop' order by kind desc`,
      );
      return found.length === 2 && found;
    });
    expect(spans).toMatchObject([
      { ...origin, name: "checkout", kind: 1, status: 2 },
      { ...origin, name: "charge", kind: 0 },
    ]);
    const [line] = await rowsOf<object>(
      `select *, replace(trace_id::text, '-', '') as trace from log_line where service = 'sdk-shop'`,
    );
    expect(line).toMatchObject({ ...origin, body: "card 17 declined", severity: 17, trace: spans[0]?.trace });
    expect(await samplesOf("sdk-shop")).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: "orders_total", kind: 1, value: 3 }),
        expect.objectContaining({ name: "charge_duration_milliseconds_count", value: 1 }),
      ]),
    );
    await web.close();
  }, 60_000);
});
