import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../db/embedded.ts";
import { migrateDatabase } from "../db/migrate.ts";
import { createTestCollector, type TestCollector } from "../testing/collector.ts";
import { eventually } from "../testing/local-platform/daemon.ts";

/** What was acknowledged is kept, whatever is killed while senders send and come again as OTLP says. */
vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });
const dataDir = mkdtempSync(join(tmpdir(), "operate-durability-"));
let postgres: EmbeddedPostgres;
let collector: TestCollector;
beforeAll(async () => {
  postgres = await startEmbeddedPostgres({ dataDir });
  await migrateDatabase(postgres.url);
  collector = createTestCollector({ databaseUrl: postgres.url });
  await collector.start();
});
afterAll(async () => {
  await collector.dispose();
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const JSON_TYPE = { "content-type": "application/json" };
const LINES = 50;
const batchOf = (batch: string) =>
  JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "sender" } }] },
        scopeLogs: [
          {
            logRecords: Array.from({ length: LINES }, (_, i) => ({
              timeUnixNano: `${Date.now()}000000`,
              body: { stringValue: `line ${i} of batch` },
              attributes: [{ key: "batch", value: { stringValue: batch } }],
            })),
          },
        ],
      },
    ],
  });

/** Sends batch after batch until `stop`, each again until it is acknowledged. Returns the ids of those that were. */
async function sendUntil(stop: AbortSignal, sender: string): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let i = 0; !stop.aborted; i++) {
    const id = `${sender}-${i}`;
    const body = batchOf(id);
    while (!stop.aborted) {
      const answer = await collector.send("/v1/logs", body, JSON_TYPE).catch(() => null); // killed: come again
      if (answer?.status === 200) {
        acknowledged.push(id);
        break;
      }
      if (answer) expect([429, 503]).toContain(answer.status);
      await new Promise((resolve) => setTimeout(resolve, 50)); // as a sender waits, not as a test does
    }
  }
  return acknowledged;
}

async function storedBatches(): Promise<Map<string, number>> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query<{ batch: string; lines: number }>(
    `select attributes->>'batch' as batch, count(distinct body)::int as lines from log_line group by 1`,
  );
  await client.end();
  return new Map(rows.map(({ batch, lines }) => [batch, lines]));
}

async function whileSending(disturb: () => Promise<void>): Promise<string[]> {
  const stop = new AbortController();
  const name = `s${Math.random().toString(36).slice(2, 8)}`;
  const senders = Array.from({ length: 4 }, (_, i) => sendUntil(stop.signal, `${name}${i}`));
  await disturb();
  stop.abort();
  const acknowledged = (await Promise.all(senders)).flat();
  const stored = await storedBatches();
  expect(acknowledged.length).toBeGreaterThan(10);
  expect(acknowledged.filter((id) => stored.get(id) !== LINES)).toEqual([]);
  return acknowledged;
}

/** Waits until senders were acknowledged again. */
const someMore = async (): Promise<void> => {
  const before = (await storedBatches()).size;
  await eventually(async () => (await storedBatches()).size > before + 8);
};

it("the collector, killed at random moments", async () => {
  await whileSending(async () => {
    await someMore();
    for (let i = 0; i < 6; i++) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 400)); // a random moment
      await collector.end("SIGKILL");
      await collector.start();
      await someMore();
    }
  });
});

it("a connection to PostgreSQL, cut again and again", async () => {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await whileSending(async () => {
    for (let i = 0; i < 10; i++) {
      await someMore();
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'operate%'",
      );
    }
    await someMore();
  });
  await client.end();
});

it("PostgreSQL, killed and started again", async () => {
  await whileSending(async () => {
    await someMore();
    process.kill(postgres.pid, "SIGKILL");
    await eventually(async () => (await collector.send("/v1/logs", batchOf("away"), JSON_TYPE)).status === 503);
    const before = postgres.url;
    postgres = await startEmbeddedPostgres({ dataDir });
    expect(postgres.url).toBe(before);
    await someMore();
  });
});

it("a collector that starts before its database waits for it", async () => {
  await collector.end("SIGTERM");
  await postgres.stop();
  const starting = collector.start();
  await expect.poll(() => collector.output(), { timeout: 30_000 }).toContain("waiting for the database");
  postgres = await startEmbeddedPostgres({ dataDir });
  await starting;
  expect((await collector.send("/v1/logs", batchOf("after"), JSON_TYPE)).status).toBe(200);
});
