import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { startEmbeddedPostgres } from "#server/db/embedded.ts";
import { migrateDatabase } from "#server/db/migrate.ts";
import { useDatabase } from "#server/testing/database.ts";
import { logLine, SENDER, samples, spanOf } from "#server/testing/telemetry/records.ts";
import { openDatabase } from "./database.ts";
import { createTelemetryStore } from "./store.ts";

const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
/** the machine may be busy */
const LONG = { timeout: 15_000 };

describe("a store whose database goes away", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "operate-store-"));
  const settings = { fsync: "off" };
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  it("says so to every caller, keeps what was acknowledged, and goes on when it is back", async () => {
    let postgres = await startEmbeddedPostgres({ dataDir, settings });
    const { url } = postgres;
    await migrateDatabase(url);
    const store = createTelemetryStore({ databaseUrl: url, config });
    const write = (body: string) => store.writeLogs([logLine({ atMs: Date.now(), body })], SENDER);
    const read = async () => {
      const window = { from: new Date(Date.now() - 600_000), to: new Date(Date.now() + 1_000) };
      const { data } = await store.logs.lines({ window, filter: { terms: [] }, order: "oldest-first", limit: 1_000 });
      return data.lines.map(({ body }) => body);
    };
    await write("before");
    await read();

    const acknowledged: string[] = [];
    let stopping = false;
    const sending = (async () => {
      for (let i = 0; !stopping; i++) {
        const result = await write(`while ${i}`).then(
          () => "written",
          (error: unknown) => error,
        );
        if (result === "written") acknowledged.push(`while ${i}`);
        else return result;
      }
    })();
    await expect.poll(() => acknowledged.length, LONG).toBeGreaterThan(3);
    await postgres.stop();
    expect(await sending).toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
    stopping = true;
    const refused = await Promise.allSettled([
      write("away"),
      read(),
      store.writeSamples([samples({ timesMs: [Date.now()], values: [1] })], SENDER),
      store.writeSpans([spanOf({ startMs: Date.now() })], SENDER),
      store.patternIds(["x"]),
      store.noteRefusal("logs", SENDER, [{ reason: "x", count: 1, example: null }]),
    ]);
    expect(refused).toMatchObject(refused.map(() => ({ reason: { code: "UPSTREAM_UNAVAILABLE" } })));

    postgres = await startEmbeddedPostgres({ dataDir, settings });
    expect(postgres.url).toBe(url);
    await write("after");
    const bodies = await read();
    expect(bodies.filter((body) => acknowledged.includes(body))).toEqual(acknowledged);
    expect([bodies[0], bodies.at(-1)]).toEqual(["before", "after"]);
    await store.close();
    await postgres.stop();
  });
});

describe("a query", () => {
  const database = useDatabase();
  const sleepers = async () => {
    const [row] = await database.db.$queryRaw<{ n: number }[]>`
      select count(*)::int as n from pg_stat_activity
      where state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()`;
    return row?.n;
  };

  it("ends in the server when nobody waits for it any more; the connection is used again", async () => {
    const one = openDatabase(database.url, 2);
    const giveUp = new AbortController();
    const query = one.read("select pg_sleep(60)", [], giveUp.signal);
    await expect.poll(sleepers, LONG).toBe(1);
    giveUp.abort();
    await expect(query).rejects.toMatchObject({ code: "TIMEOUT" });
    await expect.poll(sleepers, LONG).toBe(0);
    expect(await one.read("select 1 as one", [], new AbortController().signal)).toEqual([{ one: 1 }]);
    await one.close();
  });

  it("that takes too long is ended with advice", async () => {
    const one = openDatabase(database.url, 1);
    const slow = one
      .read("select set_config('statement_timeout', '50', false), 1", [])
      .then(() => one.read("select pg_sleep(60)", []));
    await expect(slow).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringMatching(/Narrow the time window/),
    });
    await one.close();
  });

  it("costs no connection before the first", async () => {
    const store = createTelemetryStore({ databaseUrl: database.url, config });
    const connections = async () => {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      const { rows } = await client.query<{ n: number }>(
        "select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'operate telemetry'",
      );
      await client.end();
      return rows[0]?.n;
    };
    await expect.poll(connections, LONG).toBe(0); // those of the tests before are on their way out
    await store.logs.lines({
      ...{ window: { from: new Date(0), to: new Date() }, filter: { terms: [] }, order: "newest-first", limit: 1 },
    });
    expect(await connections()).toBe(1);
    await store.close();
  });

  it("is done again after a deadlock", async () => {
    const one = openDatabase(database.url, 4);
    await one.transact((tx) => tx.query("create table pair (id int primary key, n int)"));
    await one.transact((tx) => tx.query("insert into pair values (1, 0), (2, 0)"));
    let met = 0;
    let open: () => void = () => undefined;
    const both = new Promise<void>((resolve) => {
      open = resolve;
    });
    let attempts = 0;
    const crossing = (first: number, second: number) =>
      one.transact(async (tx) => {
        attempts++;
        await tx.query("update pair set n = n + 1 where id = $1", [first]);
        if (++met === 2) open();
        await both;
        await tx.query("update pair set n = n + 1 where id = $1", [second]);
      });
    await Promise.all([crossing(1, 2), crossing(2, 1)]);
    expect(attempts).toBe(3);
    expect(await one.read("select n from pair", [])).toEqual([{ n: 2 }, { n: 2 }]);
    await one.close();
  });
});
