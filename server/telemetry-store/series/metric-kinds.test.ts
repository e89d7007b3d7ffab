import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { SERIES_KINDS, type SeriesSamples } from "#server/agent/ports/telemetry.ts";
import { createToken } from "#server/auth/tokens/create.ts";
import { MIGRATIONS_DIR } from "#server/db/migrate.ts";
import { decodeWriteRequest } from "#server/integrations/prometheus/remote-write.ts";
import { testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { addPerson, type Person } from "#server/testing/people.ts";
import { SENDER, samples } from "#server/testing/telemetry/records.ts";
import { writeRequest } from "#server/testing/telemetry/wire.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";
import { createToldKinds } from "../write/reported-kinds.ts";

const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
let nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const startMs = nowMs - 2 * HOUR_MS;
let store: BuiltinStore;
beforeAll(() => {
  store = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
});
afterAll(() => store.close());

const timesMs = Array.from({ length: 60 }, (_, i) => startMs + i * MINUTE_MS);
const ask = async (metric: string, fn: "rate" | "avg") => {
  const window = { from: new Date(startMs), to: new Date(startMs + 30 * MINUTE_MS) };
  const { data } = await store.metrics.query({
    metric,
    filters: [],
    groupBy: [],
    fn,
    window,
    stepSeconds: 300,
    limit: 1,
  });
  return data.lines[0]?.values[2] ?? null;
};
const kindOf = async (search: string) => (await store.metrics.metrics({ search, limit: 1 })).data.items[0]?.kind;

it("a kind that is told after the samples corrects the catalog, the figures and what is rolled up of them", async () => {
  const values = timesMs.map((_, i) => 600 * i);
  await store.writeSamples([samples({ name: "jobs", kind: "gauge", kindGuessed: true, timesMs, values })], SENDER);
  await store.writeSamples(
    [samples({ name: "level_count", kind: "counter", kindGuessed: true, timesMs, values })],
    SENDER,
  );
  await upkeepOnce(store);
  expect([await kindOf("jobs"), await ask("jobs", "rate")]).toEqual(["gauge", null]);
  await store.noteMeanings(
    [
      { name: "jobs", help: "", kind: "counter" },
      { name: "level_count", help: "", kind: "gauge" },
    ],
    SENDER,
  );
  await upkeepOnce(store);
  expect([await kindOf("jobs"), await kindOf("level_count")]).toEqual(["counter", "gauge"]);
  expect(await ask("jobs", "rate")).toBeCloseTo(10);
  expect(await ask("level_count", "avg")).toBeCloseTo(600 * 12);
  expect(await ask("level_count", "rate")).toBeNull();
});

it("a kind that is told again changes nothing", async () => {
  await store.noteMeanings([{ name: "jobs", help: "", kind: "counter" }], SENDER);
  expect(await database.db.$queryRaw`select id from rollup_late_series`).toEqual([]);
});

/** As it arrives by remote write: what is said of metrics first, then samples. */
const arrive = async (body: Uint8Array) => {
  const { records, meanings = [] } = decodeWriteRequest(body, { contentType: undefined, maxBytes: 2 ** 20 });
  if (meanings.length > 0) await store.noteMeanings(meanings, SENDER);
  expect((await store.writeSamples(records, SENDER)).rejected).toEqual([]);
};
const [COUNTER, GAUGE] = [1, 2];
const growing = (name: string, from = 0, until = 60) => ({
  labels: [
    { name: "__name__", value: name },
    { name: "job", value: "s" },
  ],
  samples: timesMs.slice(from, until).map((timestamp, i) => ({ timestamp, value: 600 * (from + i) })),
});

it.each([
  ["before its samples", ["meaning", "samples"]],
  ["after its samples", ["samples", "meaning"]],
  ["with later samples", ["some samples", "meaning and samples"]],
])("a kind that is told %s by remote write holds, also for what is rolled up", async (what, order) => {
  const name = `told_${what.replaceAll(" ", "_")}`;
  const meaning = { metric_family_name: name, type: COUNTER, unit: "", help: "" };
  const bodies: Record<string, Uint8Array> = {
    meaning: writeRequest([], [meaning]),
    samples: writeRequest([growing(name)]),
    "some samples": writeRequest([growing(name, 0, 30)]),
    "meaning and samples": writeRequest([growing(name, 30)], [meaning]),
  };
  for (const part of order) {
    await arrive(bodies[part] as Uint8Array);
    await upkeepOnce(store);
  }
  expect(await kindOf(name)).toBe("counter");
  expect(await ask(name, "rate")).toBeCloseTo(10);
});

it("a series without a suffix of which nothing is told is a gauge, and is one again when that is told", async () => {
  await arrive(writeRequest([growing("plain", 0, 30)]));
  expect(await kindOf("plain")).toBe("gauge");
  for (const [type, kind] of [
    [COUNTER, "counter"],
    [GAUGE, "gauge"],
  ] as const) {
    await arrive(writeRequest([], [{ metric_family_name: "plain", type, unit: "", help: "" }]));
    await upkeepOnce(store);
    expect(await kindOf("plain")).toBe(kind);
    expect(await ask("plain", "rate")).toEqual(kind === "counter" ? expect.closeTo(10) : null);
    expect(await ask("plain", "avg")).toBeCloseTo(600 * 12);
  }
});

describe("of metrics that several send", () => {
  const OTHER = { protocol: "instance", name: "payments-1", boundTo: { services: ["payments"] } };
  const kinds = async (name: string) =>
    Object.fromEntries(
      (
        await database.db.$queryRaw<{ service: string; kind: number }[]>`
          select service, kind from metric_series where name = ${name} order by service`
      ).map(({ service, kind }) => [service, SERIES_KINDS[kind]]),
    );
  const sent = (name: string, service: string, told: Partial<SeriesSamples> = {}) =>
    samples({ name, labels: { service }, timesMs: [nowMs], values: [1], ...told });
  const GUESSED = { kindGuessed: true } as const;
  const say = (name: string, kind: "counter" | "gauge", sender = OTHER as typeof SENDER) =>
    store.noteMeanings([{ name, help: "", kind }], sender);

  it("one changes the kind of its own series alone", async () => {
    const name = "http_requests_total";
    await store.writeSamples([sent(name, "checkout", GUESSED), sent(name, "operate", GUESSED)], SENDER);
    await store.writeSamples([sent(name, "payments", GUESSED)], OTHER);
    await database.db.$executeRaw`delete from rollup_late_series`;
    await say(name, "gauge");
    expect(await kinds(name)).toEqual({ checkout: "counter", operate: "counter", payments: "gauge" });
    expect(
      await database.db.$queryRaw`select distinct service from rollup_late_series r
      join metric_series s on s.id = r.series_id`,
    ).toEqual([{ service: "payments" }]);
  });

  it("what is new of others is what they say", async () => {
    await say("new_total", "gauge");
    await store.writeSamples([sent("new_total", "checkout", GUESSED)], SENDER);
    await store.writeSamples([sent("new_total", "payments", GUESSED)], OTHER);
    expect(await kinds("new_total")).toEqual({ checkout: "counter", payments: "gauge" });
  });

  it("what one says of names without end costs no other what it said", () => {
    const told = createToldKinds(() => new Date(nowMs));
    const [mine, flood] = ["remote-write/token/a/prometheus", "remote-write/token/b/prometheus"];
    told.noted([{ name: "jobs", help: "", kind: "counter" }], mine);
    const names = Array.from({ length: 25_000 }, (_, i) => ({ name: `m${i}`, help: "", kind: "counter" as const }));
    told.noted(names, flood);
    const kindOf = (name: string, sender: string) => told.kindOf({ name, kind: "gauge", kindGuessed: true }, sender);
    expect(kindOf("jobs", mine)).toBe("counter");
    expect([kindOf("jobs", flood), kindOf("m0", flood), kindOf("m24999", flood)]).toEqual([
      "gauge",
      "gauge",
      "counter",
    ]);
  });

  it("series of before are theirs whose name was clear then", async () => {
    const people = await Promise.all(["Ada", "Grace"].map((name) => addPerson(database.db, { name })));
    const tokens = ["only", "both", "both", "a/b"];
    for (const [i, name] of tokens.entries())
      await createToken(testContext(database, { actor: (people[i % 2] as Person).actor }), {
        ...{ name, role: "ingest", expiresInDays: 1 },
      });
    for (const [i, name] of ["only", "both", "a/b", "instances of checkout"].entries())
      await store.writeSamples([sent(`of_${i}`, "checkout", GUESSED)], { protocol: "remote-write", name });
    await database.db.$executeRawUnsafe(
      "update metric_series set environment = 'staging' where kind_sender like '%instances%'",
    );
    const sql = readFileSync(join(MIGRATIONS_DIR, "20261129234500_metric_kind_writer/migration.sql"), "utf8");
    for (const statement of sql.split(";").slice(0, 2)) await database.db.$executeRawUnsafe(statement);
    const writers = await database.db.$queryRaw<{ kind_sender: string }[]>`
      select kind_sender from metric_series where name like 'of@_%' escape '@' order by kind_sender collate "C"`;
    expect(writers.map(({ kind_sender: writer }) => writer)).toEqual([
      "remote-write/both",
      "remote-write/instances/checkout/staging",
      ...[`${people[0]?.id}/only`, `${people[1]?.id}/a/b`].map((own) => `remote-write/token/${own}`).sort(),
    ]);
  });

  it("what the protocol tells with the samples stays, before and after", async () => {
    await say("told_total", "gauge", SENDER);
    await store.writeSamples([sent("told_total", "checkout")], SENDER);
    nowMs += MINUTE_MS;
    await say("told_total", "gauge", SENDER);
    expect(await kinds("told_total")).toEqual({ checkout: "counter" });
  });

  it("one that keeps changing its mind is not followed for ever", async () => {
    await store.writeSamples([sent("fickle", "payments", { kind: "gauge", ...GUESSED })], OTHER);
    await database.db.$executeRaw`delete from rollup_late_series`;
    for (let i = 0; i < 20; i++) await say("fickle", i % 2 === 0 ? "counter" : "gauge");
    const notes = async () => (await database.db.$queryRaw<unknown[]>`select 1 from rollup_late_series`).length;
    expect(await notes()).toBeLessThanOrEqual(3);
    nowMs += HOUR_MS + 1;
    await say("fickle", "gauge");
    expect(await kinds("fickle")).toEqual({ payments: "gauge" });
  });
});
