import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import pg from "pg";
import { describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { incidentConsumer } from "../agent/incidents/index.ts";
import { consumeTimeline } from "../agent/timeline/consume.ts";
import { createCaller } from "../routers/index.ts";
import { testContext } from "../testing/context.ts";
import { type Db, openDb } from "./client.ts";
import { listMigrations, migrateDatabase } from "./migrate.ts";

/**
 * What an earlier release wrote, as it wrote it: rows of the sample with three deployments that ended, one that is
 * paused, incidents, notes and a lock. A dump is named after the last migration of its release.
 */
const DUMPS = join(import.meta.dirname, "../testing/upgrades");
const Dump = z.object({
  migrations: z.string(),
  tables: z.array(
    z.object({ table: z.string(), columns: z.array(z.string()), rows: z.array(z.array(z.string().nullable())) }),
  ),
});

/** A database of its own, as that release left it. */
async function withDump(name: string, work: (database: { db: Db; url: string }) => Promise<void>): Promise<void> {
  const dump = Dump.parse(JSON.parse(gunzipSync(readFileSync(join(DUMPS, `${name}.json.gz`))).toString()));
  const url = new URL(inject("postgresUrl"));
  const server = new pg.Client({ connectionString: url.href });
  await server.connect();
  const database = `test_${randomBytes(6).toString("hex")}`;
  await server.query(`create database ${database}`);
  url.pathname = `/${database}`;
  const migrations = listMigrations();
  const last = migrations.findIndex((one) => one.name === dump.migrations);
  const db = openDb(url.href, 4);
  try {
    await migrateDatabase(url.href, migrations.slice(0, last + 1));
    await insertRows(url.href, dump);
    await migrateDatabase(url.href);
    await work({ db, url: url.href });
  } finally {
    await db.$disconnect();
    await server.query(`drop database ${database} with (force)`);
    await server.end();
  }
}

async function insertRows(url: string, { tables }: z.output<typeof Dump>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // migrations put some rows in by themselves
    await client.query(`truncate ${tables.map(({ table }) => `public."${table}"`).join(", ")} cascade`);
    for (const { table, columns, rows } of tables) {
      const names = columns.map((column) => `"${column}"`).join(", ");
      const values = columns.map((_, i) => `$${i + 1}`).join(", ");
      for (const row of rows) await client.query(`insert into public."${table}" (${names}) values (${values})`, row);
    }
  } finally {
    await client.end();
  }
}

const dumps = readdirSync(DUMPS).map((file) => file.replace(/\.json\.gz$/, ""));

describe.each(dumps)("a database that the release of %s left", (name) => {
  it("is read as it was: incidents, deployments, health, locks and the audit log", async () => {
    await withDump(name, async (database) => {
      const ctx = testContext(database, { now: () => new Date("2026-11-30T23:10:00Z") });
      const caller = createCaller({ agent: ctx, requestId: ctx.requestId });
      const incidents = await caller.incidents.list({});
      expect(incidents.items.map(({ label, status, title }) => `${label} ${status}: ${title}`)).toEqual([
        "INC-3 open: Deployment of checkout 2.5.0 to production failed",
        "INC-2 resolved: Deployment of checkout 2.7.0 to production failed",
        "INC-1 acknowledged: Orders are late",
      ]);
      const lengths: number[] = [];
      for (const { id } of incidents.items)
        lengths.push((await caller.incidents.get({ incidentId: id })).timeline.length);
      expect(lengths).toEqual([13, 12, 4]);
      const deployments = await caller.deploy.list({});
      expect(deployments.items.map(({ version, status }) => `${version} ${status}`)).toEqual([
        "2.6.0 paused",
        "2.5.0 rolled_back",
        "2.4.1 succeeded",
        "2.7.0 rolled_back",
      ]);
      for (const { id } of deployments.items) {
        const { deployment, steps } = await caller.deploy.get({ deploymentId: id });
        expect([deployment.id, steps.length > 0]).toEqual([id, true]);
      }
      expect((await caller.deploy.policy({})).locks).toMatchObject([{ service: "payments", reason: "the bank tests" }]);
      expect((await caller.audit.list({})).items).toHaveLength(18);
    });
  });

  it("has its history on the time line, and opens no incident for it", async () => {
    await withDump(name, async ({ db, url }) => {
      const kinds = await db.timelineEvent.groupBy({ by: ["kind"], _count: true, orderBy: { kind: "asc" } });
      expect(kinds.map(({ kind, _count }) => `${kind} ${_count}`)).toEqual([
        "deployment.ended 3",
        "deployment.requested 4",
        "deployment.started 4",
        "health.changed 9",
        "incident.opened 3",
        "incident.status 2",
      ]);
      const reports: string[] = [];
      const ctx = testContext({ db, url });
      await consumeTimeline(
        { db },
        incidentConsumer(ctx, (message) => void reports.push(message)),
      );
      expect(reports).toEqual([]);
      expect(await db.incident.count()).toBe(3);
      expect(await db.incidentEvent.count()).toBe(29);
    });
  });
});
