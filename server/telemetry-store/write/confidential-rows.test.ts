import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { createIngest } from "#server/agent/ingest/index.ts";
import { keepConfidential } from "#server/agent/kernel/confidential/confidential.ts";
import { createMiner } from "#server/agent/mining/index.ts";
import type { LogTerm } from "#server/agent/ports/log-source.ts";
import type { LogRecord, SeriesSamples, SpanRecord } from "#server/agent/ports/telemetry.ts";
import { useDatabase } from "#server/testing/database.ts";
import { logLine, SENDER } from "#server/testing/telemetry/records.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const NOW = Date.now();
const window = { from: new Date(NOW - 3_600_000), to: new Date(NOW + 3_600_000) };
/** known from the start, and one that becomes confidential after its rows were stored */
const KNOWN = "CANARYknown5f31";
const LATER = "CANARYlater77a2";
let store: BuiltinStore;
let ingest: ReturnType<typeof createIngest>;

const arrival = <T>(records: T[], meanings: { name: string; help: string }[] = []) => ({
  sender: SENDER,
  likelyBytes: 1_000,
  mostBytes: 1_000,
  read: async () => ({ records, rejected: [], meanings }),
});
const line = (secret: string, service: string): LogRecord =>
  logLine({
    ...{ service, atMs: NOW, instance: `i-${secret}` },
    body: `connect pw:${secret} failed`,
    attributes: { url: `https://u:${secret}@db/`, [`key ${secret}`]: 1, deep: { list: [`x${secret}`] } },
  });
const series = (secret: string, service: string): SeriesSamples => ({
  ...{ name: "scraped_total", labels: { service, url: `http://x/?k=${secret}` }, kind: "counter", unit: `u${secret}` },
  ...{ help: `of ${secret}`, timesMs: [NOW - 30_000, NOW - 15_000, NOW], values: [1, 2, 3] },
});
const span = (secret: string, service: string): SpanRecord => ({
  ...{ service, environment: "", version: `v-${secret}`, instance: "", traceId: "4bf92f3577b34da6a3ce929d0e0e4736" },
  ...{ spanId: "00f067aa0ba902b7", parentSpanId: null, name: `GET /?k=${secret}`, kind: "server", status: "error" },
  ...{ statusMessage: `refused ${secret}`, startMs: NOW, durationMs: 5, attributes: { a: secret } },
  events: [{ atMs: NOW, name: `e ${secret}`, attributes: { a: [secret] } }],
  links: [{ traceId: "4bf92f3577b34da6a3ce929d0e0e4737", spanId: "00f067aa0ba902b8", attributes: { a: secret } }],
});

async function take(secret: string, service: string): Promise<void> {
  await ingest.logs(arrival([line(secret, service)]));
  await ingest.readLogs([line(secret, service)], SENDER, []);
  await ingest.metrics(arrival([series(secret, service)], [{ name: "scraped_total", help: `means ${secret}` }]));
  await ingest.traces(arrival([span(secret, service)]));
}

beforeAll(async () => {
  store = createTelemetryStore({ databaseUrl: database.url, config });
  ingest = createIngest({ store, miner: createMiner({ maxPatterns: 1_000, patterns: [] }), report: () => {} });
  await take(LATER, "later");
  keepConfidential([
    { value: KNOWN, shown: "${env:KNOWN}", secret: true },
    { value: LATER, shown: "${env:LATER}", secret: true },
  ]);
  await take(KNOWN, "known");
});
afterAll(async () => {
  await ingest.stop();
  await store.close();
});

const TABLES = ["log_line", "log_pattern", "log_count", "metric_series", "metric_help", "span", "ingest_count"];

describe("what is confidential when it arrives", () => {
  it("is in no column of any table", async () => {
    const tables = await store.parts.database.read<{ name: string }>(
      "select relname as name from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace",
      [],
    );
    expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(TABLES.slice(0, 6)));
    for (const { name } of tables) {
      const [found] = await store.parts.database.read<{ n: number }>(
        `select count(*)::int as n from "${name}" t where t::text ilike '%CANARYknown%'`,
        [],
      );
      expect({ name, rows: found?.n }).toEqual({ name, rows: 0 });
    }
    const [kept] = await store.parts.database.read<{ n: number }>(
      "select count(*)::int as n from log_line t where service = 'known' and t::text like '%${env:KNOWN}%'",
      [],
    );
    expect(kept?.n).toBe(2);
  });
});

describe("a row that was stored before its value became confidential", () => {
  const text = (value: string, negated = false): LogTerm => ({ kind: "text", value, negated });
  const field = (name: string, value: string, negated = false): LogTerm => ({
    ...{ kind: "field", field: name, value, negated },
  });
  const guesses = ["C", "c", "x", "1", "CANARYl", "CANARYz", "ANARYlat", LATER, LATER.toLowerCase()];
  const filters: [string, (guess: string) => LogTerm[]][] = [
    ["text", (guess) => [text(`pw:${guess}`)]],
    ["text without", (guess) => [text(`pw:${guess}`, true)]],
    ["attribute", (guess) => [field("url", `https://u:${guess}*`)]],
    ["attribute without", (guess) => [field("url", `https://u:${guess}*`, true)]],
    ["deep attribute", (guess) => [field("deep.list", `x${guess}*`)]],
    ["instance", (guess) => [field("instance", `i-${guess}*`)]],
  ];
  it.each(filters)("meets no filter on %s, whatever is guessed", async (_, filterOf) => {
    const told = await Promise.all(
      guesses.map(async (guess) => {
        const filter = { service: "later", terms: filterOf(guess) };
        const lines = await store.logs.lines({ window, filter, order: "newest-first", limit: 10 });
        const counts = await store.logs.counts({ window, filter, stepSeconds: 60 });
        return [lines.data.lines.length, counts.data.length];
      }),
    );
    expect(told).toEqual(guesses.map(() => [0, 0]));
  });

  it("is shown where nothing is filtered by text", async () => {
    const filter = { service: "later", terms: [] };
    expect((await store.logs.lines({ window, filter, order: "newest-first", limit: 10 })).data.lines).toHaveLength(2);
  });

  it("is found in no pattern by its text", async () => {
    const found = async (value: string) => {
      const filter = { service: "later", terms: [text(value)] };
      return (await store.logs.patternCounts?.({ window, filter, stepSeconds: 60 }))?.data.length;
    };
    expect(await Promise.all(guesses.map((guess) => found(`pw:${guess}`)))).toEqual(guesses.map(() => 0));
  });

  it("meets no filter of a metric and stands in no list of values", async () => {
    const lines = async (op: "=~" | "!~", value: string) => {
      const asked = { metric: "scraped_total", groupBy: [], fn: "last" as const, stepSeconds: 60, limit: 5, window };
      const filters = [
        { label: "service", op: "=" as const, value: "later" },
        { label: "url", op, value },
      ];
      return (await store.metrics.query({ ...asked, filters })).data.lines.length;
    };
    for (const op of ["=~", "!~"] as const)
      expect(await Promise.all(guesses.map((guess) => lines(op, `.*k=${guess}.*`)))).toEqual(guesses.map(() => 0));
    const { data } = await store.metrics.labelValues({ metric: "scraped_total", label: "url", limit: 10 });
    expect(data).toEqual(["http://x/?k=${env:KNOWN}"]);
  });
});
