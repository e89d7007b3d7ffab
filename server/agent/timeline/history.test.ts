import { randomBytes } from "node:crypto";
import pg from "pg";
import { expect, inject, it } from "vitest";
import { openDb } from "#server/db/client.ts";
import { listMigrations } from "#server/db/migrate.ts";
import { consumeTimeline } from "./consume.ts";
import type { TimelineEvent } from "./schema.ts";

const migrations = listMigrations();
const first = migrations.findIndex(({ name }) => name.endsWith("_timeline"));
const upgrade = async (client: pg.Client) => {
  for (const { script } of migrations.slice(first)) await client.query(script);
};

/** A database as the release before the time line left it. */
async function withOldDatabase(work: (url: string, client: pg.Client) => Promise<void>): Promise<void> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  const server = new pg.Client({ connectionString: inject("postgresUrl") });
  await server.connect();
  await server.query(`create database ${name}`);
  const url = new URL(inject("postgresUrl"));
  url.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    for (const { script } of migrations.slice(0, first)) await client.query(script);
    await work(url.href, client);
  } finally {
    await client.end();
    await server.query(`drop database ${name} with (force)`);
    await server.end();
  }
}

it("an upgrade puts the history of health on the time line, and incidents get only what they had not taken", async () => {
  await withOldDatabase(async (url, client) => {
    const at = "2026-03-01T12:00:00Z";
    for (const name of ["payments", "checkout"])
      await client.query(
        `insert into health_target (id, name, kind, origin, service, environment, address, spec, "dependsOn",
          "intervalMs", "timeoutMs", "failureThreshold", "successThreshold", shard)
        values ($1, $2, 'http', 'service', $2, 'production', '', '{}', '{}', 1000, 300, 3, 2, 1)`,
        [`service:${name}`, name],
      );
    const changes = [
      ["p1", "service:payments", "down", null, at],
      ["c1", "service:checkout", "down", "service:payments", null],
      ["p2", "service:payments", "up", null, at],
    ];
    for (const [key, target, to, cause, deliveredAt] of changes)
      await client.query(
        `insert into health_change (key, "targetId", shard, "from", "to", "causedBy", message, flapping, at, "deliveredAt")
        values ($1, $2, 1, 'pending', $3, $4, 'refused', false, $5, $6)`,
        [key, target, to, cause, at, deliveredAt],
      );
    await upgrade(client);
    const db = openDb(url, 2);
    const taken = async (name: string) => {
      const events: TimelineEvent[] = [];
      await consumeTimeline({ db }, { name, on: async (event) => void events.push(event), report: () => {} });
      return events;
    };
    const unread = await taken("incidents");
    const all = await taken("another");
    await db.$disconnect();
    expect(all.map(({ key }) => key)).toEqual(["p1", "p2", "c1"]);
    expect(unread).toEqual([
      {
        ...{ key: "c1", at: new Date(at), service: "checkout", environment: "production" },
        kind: "health.changed",
        subject: "service:checkout",
        level: "error",
        title: "checkout down, caused by payments",
        detail: {
          ...{ target: "checkout", from: "pending", to: "down", message: "refused", muted: false, flapping: false },
          causedBy: { id: "service:payments", name: "payments" },
        },
      },
    ]);
  });
}, 60_000);
