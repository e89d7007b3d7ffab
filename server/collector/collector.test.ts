import { gzipSync } from "node:zlib";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestCollector, type TestCollector } from "../testing/collector.ts";
import { useDatabase } from "../testing/database.ts";

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

const JSON_TYPE = { "content-type": "application/json" };
const nanos = (ms = Date.now()) => `${ms}000000`;
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

describe("logs", () => {
  it("are stored with their origin and pattern before they are acknowledged", async () => {
    const body = logsOf("checkout", ["order 17 paid", "order 18 paid"]);
    const { status, text } = await collector.send("/v1/logs", gzipSync(body), {
      ...JSON_TYPE,
      "content-encoding": "gzip",
    });
    expect([status, text]).toEqual([200, "{}"]);
    const { rows } = await client.query(
      `select l.service, l.body, p.template from log_line l join log_pattern p on p.id = l.pattern_id order by l.id`,
    );
    expect(rows).toEqual([
      { service: "checkout", body: "order 17 paid", template: "order <*> paid" },
      { service: "checkout", body: "order 18 paid", template: "order <*> paid" },
    ]);
  });
});
