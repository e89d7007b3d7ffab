import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { useDatabase } from "#server/testing/database.ts";
import { SENDER, samples } from "#server/testing/telemetry/records.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

const { retention, limits } = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const opened: BuiltinStore[] = [];
const open = (given: Partial<typeof limits> = {}, now = () => new Date()): BuiltinStore => {
  const store = createTelemetryStore({
    ...{ databaseUrl: database.url, now },
    config: { retention, limits: { ...limits, ...given } },
  });
  opened.push(store);
  return store;
};
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

const stored = (name: string) =>
  database.db.$queryRaw<{ at: Date; value: number; labels: Record<string, string> }[]>`
    select m.at, m.value, s.labels from metric_sample m join metric_series s on s.id = m.series_id
    where s.name = ${name} order by m.at, m.value`;

describe("samples", () => {
  it("are read back as they were acknowledged", async () => {
    const store = open();
    // a door refuses a label that is called __proto__
    const label = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter((text) => text !== "__proto__");
    const value = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e290, max: 1e290 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(label, label, { maxKeys: 6 }),
        fc.array(value, { minLength: 1 }),
        async (labels, values) => {
          const name = `any_${run++}`;
          const start = Date.now() - values.length * 1_000;
          const timesMs = values.map((_, i) => start + i * 1_000);
          expect(await store.writeSamples([samples({ name, labels, timesMs, values })], SENDER)).toEqual({
            accepted: values.length,
            rejected: [],
          });
          const read = await stored(name);
          expect(read.map(({ at, value: kept }) => [at.getTime(), kept])).toEqual(
            timesMs.map((at, i) => [at, values[i]]),
          );
          const clean = (text: string) => text.replaceAll("\0", "\ufffd").toWellFormed();
          const kept = Object.entries(labels).map(([key, text]) => [clean(key), clean(text)]);
          expect(read[0]?.labels).toEqual(Object.fromEntries(kept));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("twice of one instant, too old, too far behind or no number are left out; marks of an end are nothing", async () => {
    const store = open();
    const now = Date.now();
    const write = (timesMs: number[], values = timesMs.map((_, i) => i)) =>
      store.writeSamples([samples({ name: "checked", timesMs, values })], SENDER);
    const reasons = async (...given: Parameters<typeof write>) => {
      const { accepted, rejected } = await write(...given);
      return [accepted, ...rejected.map(({ reason, count }) => `${count} ${reason}`)];
    };
    expect(await reasons([now - 2_000, now - 1_000, now - 1_000])).toEqual([
      2,
      "1 another value of the same series and instant",
    ]);
    expect(await reasons([now - 1_000])).toEqual([0, "1 another value of the same series and instant"]);
    expect(await reasons([now - 1_000], [1])).toEqual([0]); // sent again
    expect(await reasons([now - 1_500])).toEqual([1]); // out of order
    expect(await reasons([now - 2 * HOUR_MS])).toEqual([
      0,
      "1 more than an hour behind the newest sample of its series",
    ]);
    expect(await reasons([now - 16 * DAY_MS, now + 2 * HOUR_MS])).toEqual([
      0,
      "1 older than the 15 days for which samples are kept",
      "1 more than an hour in the future: check the sender's clock",
    ]);
    const values = [Number.NaN, Number.POSITIVE_INFINITY, 1e300, 7];
    expect(await reasons([now, now + 1, now + 2, now + 3], values)).toEqual([
      1,
      "2 a value beyond ±1e+290 or infinite",
    ]);
    expect((await stored("checked")).map(({ at }) => at.getTime() - now)).toEqual([-2_000, -1_500, -1_000, 3]);
  });

  it("of a series that a batch brings in several pieces are taken together", async () => {
    const store = open();
    const atMs = Date.now();
    const piece = (timesMs: number[]) => samples({ name: "pieces", timesMs, values: timesMs.map((_, i) => i) });
    const written = await store.writeSamples([piece([atMs, atMs + 1]), piece([atMs + 1, atMs + 2])], SENDER);
    expect(written).toMatchObject({ accepted: 3, rejected: [{ count: 1 }] });
  });

  it("that were not committed are no duplicates when they come again", async () => {
    const store = open();
    const atMs = Date.now();
    const one = samples({ name: "again", timesMs: [atMs], values: [1] });
    await store.writeSamples([{ ...one, timesMs: [atMs - 10_000] }], SENDER);
    await database.db.$executeRaw`alter table ingest_count rename to ingest_count_away`;
    try {
      await expect(store.writeSamples([one], SENDER)).rejects.toThrow();
    } finally {
      await database.db.$executeRaw`alter table ingest_count_away rename to ingest_count`;
    }
    expect(await stored("again")).toHaveLength(1);
    expect(await store.writeSamples([one], SENDER)).toEqual({ accepted: 1, rejected: [] });
  });
});

describe("the limits of series", () => {
  const many = (count: number, service: string, name = "wild_total") =>
    Array.from({ length: count }, (_, i) =>
      samples({ name, labels: { service, path: `/p/${i}` }, timesMs: [Date.now()], values: [i] }),
    );
  const seriesOf = async (service: string) => {
    const [row] = await database.db.$queryRaw<{ n: number }[]>`
      select count(*)::int as n from metric_series where service = ${service}`;
    return row?.n;
  };

  it("let known series in and refuse new ones, naming metric, service and key", async () => {
    const store = open({ maxSeriesPerService: 100 });
    const written = await store.writeSamples(many(150, "limited"), SENDER);
    expect(written).toMatchObject({ accepted: 100, rejected: [{ count: 50 }] });
    expect(written.rejected[0]?.reason).toMatch(
      /wild_total of limited: .* 100 .*monitoringConfig\.limits\.maxSeriesPerService/,
    );
    const again = many(150, "limited").map((series) => ({ ...series, timesMs: [Date.now() + 1_000] }));
    expect(await store.writeSamples(again, SENDER)).toMatchObject({ accepted: 100, rejected: [{ count: 50 }] });
    expect(await store.writeSamples(many(5, "another"), SENDER)).toEqual({ accepted: 5, rejected: [] });
  });

  it("hold for several writers together", async () => {
    const writers = Array.from({ length: 4 }, () => open({ maxSeriesPerService: 100 }));
    const written = await Promise.all(
      writers.map((store, i) => store.writeSamples(many(60, "together", `metric_${i}`), SENDER)),
    );
    expect(written.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(100);
    expect(await seriesOf("together")).toBe(100);
  });

  it("keep memory and time bounded when labels run wild", async () => {
    const store = open({ maxSeriesPerService: 100 });
    const before = process.memoryUsage.rss();
    let refused = 0;
    for (let i = 0; i < 10; i++) {
      const wild = Array.from({ length: 10_000 }, (_, k) =>
        samples({
          name: `m_${k % 1_000}`,
          labels: { service: "wild", id: `${i}-${k}` },
          timesMs: [Date.now()],
          values: [1],
        }),
      );
      const { rejected } = await store.writeSamples(wild, SENDER);
      refused += rejected.reduce((sum, { count }) => sum + count, 0);
      expect(rejected.length).toBeLessThanOrEqual(51);
    }
    expect(refused).toBe(100_000 - 100);
    expect(await seriesOf("wild")).toBe(100);
    expect(process.memoryUsage.rss() - before).toBeLessThan(300_000_000);
  });

  it("count series that had a sample in the kept days", async () => {
    const early = open({ maxSeriesPerService: 100 }, () => new Date(Date.now() - 20 * DAY_MS));
    const old = many(100, "seasonal", "old_total").map((series) => ({
      ...series,
      timesMs: [Date.now() - 20 * DAY_MS],
    }));
    expect(await early.writeSamples(old, SENDER)).toMatchObject({ accepted: 100 });
    const store = open({ maxSeriesPerService: 100 });
    expect(await store.writeSamples(many(60, "seasonal"), SENDER)).toMatchObject({ accepted: 60 });
    // one that comes back counts again
    expect(await store.writeSamples(many(50, "seasonal", "old_total"), SENDER)).toMatchObject({ accepted: 40 });
  });

  it("count a process that starts again once, which only its start tells from others", async () => {
    const store = open({ maxSeriesPerService: 100 });
    const started = (restart: number, paths = 50, from = 0) =>
      many(paths, "restarting").map(({ labels, ...series }, i) =>
        samples({
          ...{ ...series, timesMs: [Date.now()] },
          labels: { ...labels, path: `/p/${from + i}`, stream_start: `start ${restart}` },
        }),
      );
    const { series: before } = await store.used();
    const refused = async (series: ReturnType<typeof started>) => {
      const { rejected } = await store.writeSamples(series, SENDER);
      return rejected.map(({ reason, count }) => `${count} ${reason}`);
    };
    for (let restart = 0; restart < 18; restart++) expect(await refused(started(restart))).toEqual([]);
    // one that does not say when it started is one more of the same labels
    expect(await refused(many(50, "restarting"))).toEqual([]);
    // what is new beside them has the place that is left
    expect(await refused(started(18, 60, 50))).toEqual([expect.stringMatching(/^10 .*maxSeriesPerService/)]);
    expect(await refused(many(1, "restarting", "other_total"))).toEqual([
      expect.stringContaining("maxSeriesPerService"),
    ]);
    // a start that is new with each point has an end, and what is known goes on
    expect(await refused([...started(19), ...started(20)])).toEqual([]);
    expect(await refused(started(21))).toEqual([expect.stringMatching(/^50 .*service\.instance\.id/)]);
    expect(await refused(started(20))).toEqual([]);
    expect(await seriesOf("restarting")).toBe(1_100);
    expect((await store.used()).series - before).toBe(100);
  });

  it("refuse names and labels without measure", async () => {
    const store = open();
    const timesMs = [Date.now()];
    const { accepted, rejected } = await store.writeSamples(
      [
        samples({ name: "", timesMs, values: [1] }),
        samples({ name: "n".repeat(201), timesMs, values: [1] }),
        samples({ name: "long", labels: { text: "x".repeat(20_000) }, timesMs, values: [1] }),
        samples({
          name: "labels",
          labels: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`l${i}`, "x"])),
          timesMs,
          values: [1],
        }),
        samples({ name: "named", labels: { service: "s".repeat(201) }, timesMs, values: [1] }),
      ],
      SENDER,
    );
    expect(accepted).toBe(0);
    expect(rejected).toHaveLength(5);
  });
});
