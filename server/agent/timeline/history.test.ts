import { randomBytes } from "node:crypto";
import pg from "pg";
import { expect, inject, it } from "vitest";
import { openDb } from "#server/db/client.ts";
import { listMigrations } from "#server/db/migrate.ts";
import { consumeTimeline } from "./consume.ts";
import type { TimelineEvent } from "./schema.ts";
import { renumberRestored } from "./store.ts";

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

it("an upgrade puts the history of deployments on the time line, as nothing new to incidents, and keeps what fires", async () => {
  await withOldDatabase(async (url, client) => {
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
    const deployments = [
      ["dep_old", "succeeded", minutesAgo(100 * 1440), minutesAgo(100 * 1440)],
      ["dep_bad", "rolled_back", minutesAgo(40), minutesAgo(35)],
      ["dep_good", "succeeded", minutesAgo(30), minutesAgo(20)],
      ["dep_never", "cancelled", null, minutesAgo(15)],
      ["dep_runs", "running", minutesAgo(10), null],
    ];
    for (const [id, status, startedAt, finishedAt] of deployments)
      await client.query(
        `insert into deployment (id, service, environment, strategy, version, "previousVersion", status, summary, options,
          "actorKind", "actorId", "actorName", "requestId", "startedAt", "finishedAt", "createdAt", "deadlineAt")
        values ($1, 'checkout', 'production', 'canary', '1.1.0', '1.0.0', $2, 'It ended.', '{}', 'person', 'usr', 'Ada',
          'req', $3::timestamptz, $4::timestamptz, coalesce($3::timestamptz, $4::timestamptz), now())`,
        [id, status, startedAt, finishedAt],
      );
    const pattern = await client.query<{ id: number }>(
      "insert into log_pattern (template) values ('oops') returning id",
    );
    const cause = `log-pattern:${pattern.rows[0]!.id}:checkout/`;
    await client.query(
      `insert into incident (id, number, title, severity, status, service, "causeKey", "openKey", source, "openedAt")
      values ('inc_1', 1, 'oops', 'high', 'open', 'checkout', $1, $1, 'logs', '2026-03-01T12:00:00Z'),
        ('inc_2', 2, 'oops', 'high', 'resolved', 'checkout', $1, null, 'logs', '2026-03-01T11:00:00Z')`,
      [cause],
    );
    const changes = [
      ["ine_1", minutesAgo(3), { from: "open", to: "in_progress" }],
      ["ine_2", minutesAgo(2), { from: "in_progress", to: "resolved" }],
      ["ine_3", minutesAgo(1), { from: "resolved", to: "open" }],
      ["ine_4", minutesAgo(1), { from: "open", to: "of another version" }],
    ];
    for (const change of changes)
      await client.query(
        `insert into incident_event (id, "incidentId", at, kind, "actorKind", "actorId", "actorName", message, detail)
        values ($1, 'inc_1', $2, 'status', 'person', 'usr', 'Ada', '', $3)`,
        change,
      );
    await upgrade(client);
    const db = openDb(url, 2);
    const taken = async (name: string) => {
      const events: TimelineEvent[] = [];
      const problems: string[] = [];
      const report = (message: string) => void problems.push(message);
      await consumeTimeline({ db }, { name, on: async (event) => void events.push(event), report });
      expect(problems).toEqual([]);
      return events;
    };
    expect(await taken("incidents")).toEqual([]);
    const all = await taken("another");
    const toldOf = (subject: string) => all.filter((one) => one.subject.startsWith(subject));
    expect(toldOf("dep_").map(({ key, level }) => [key, level])).toEqual([
      ["deployment-requested:dep_old", "info"],
      ["deployment-started:dep_old", "info"],
      ["deployment-ended:dep_old", "ok"],
      ["deployment-requested:dep_bad", "info"],
      ["deployment-requested:dep_good", "info"],
      ["deployment-requested:dep_never", "info"],
      ["deployment-requested:dep_runs", "info"],
      ["deployment-started:dep_bad", "info"],
      ["deployment-ended:dep_bad", "warning"],
      ["deployment-started:dep_good", "info"],
      ["deployment-ended:dep_good", "ok"],
      ["deployment-ended:dep_never", "warning"],
      ["deployment-started:dep_runs", "info"],
    ]);
    expect(all.find(({ key }) => key === "deployment-ended:dep_bad")).toMatchObject({
      title: "Deployment of checkout 1.1.0 to production was rolled back",
      detail: { ending: "rolled_back", startedAt: deployments[1]![2], summary: "It ended.", failure: null },
    });
    expect(toldOf("inc_").map(({ key, level, title }) => [key, level, title])).toEqual([
      ["incident-opened:inc_2", "warning", "INC-2 opened: oops"],
      ["incident-opened:inc_1", "warning", "INC-1 opened: oops"],
      ["incident-status:ine_1", "info", "INC-1 in progress: oops"],
      ["incident-status:ine_2", "ok", "INC-1 resolved: oops"],
      ["incident-status:ine_3", "info", "INC-1 reopened: oops"],
    ]);
    expect(await db.logAlertFiring.findMany()).toMatchObject([
      {
        patternId: pattern.rows[0]!.id,
        service: "checkout",
        environment: "",
        firingSince: new Date("2026-03-01T12:00:00Z"),
      },
    ]);
    // what a restore into another PostgreSQL renumbers is no news either
    await db.$executeRaw`update timeline_event set xid = ((xid::text)::bigint + 1000000000)::text::xid8`;
    await db.$executeRaw`update timeline_cursor set xid = ((xid::text)::bigint + 1000000000)::text::xid8`;
    await renumberRestored(db);
    expect(await taken("incidents")).toEqual([]);
    await db.$disconnect();
  });
}, 60_000);
