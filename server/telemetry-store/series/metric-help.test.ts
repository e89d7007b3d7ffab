import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { useDatabase } from "#server/testing/database.ts";
import { SENDER, samples } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const HOUR_MS = 3_600_000;
let nowMs = Date.now();
let stores: BuiltinStore[] = [];
beforeAll(() => {
  const open = () => createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
  stores = [open(), open()];
});
afterAll(() => Promise.all(stores.map((store) => store.close())));

const [one, other] = [() => stores[0] as BuiltinStore, () => stores[1] as BuiltinStore];
const said = (name: string, help: string, labels = {}) =>
  samples({ name, help, labels: { service: "checkout", ...labels }, timesMs: [nowMs], values: [1] });
const helps = async () => {
  const { data } = await other().metrics.metrics({ limit: 100 });
  return Object.fromEntries(data.items.map(({ name, help }) => [name, help]));
};

describe("what a metric means", () => {
  it("is kept by its name, that of a histogram's parts for the whole", async () => {
    const parts = ["_sum", "_count"].map((suffix) => said(`took_seconds${suffix}`, "Time taken."));
    const silent = samples({ name: "plain", timesMs: [nowMs], values: [1] });
    await one().writeSamples(
      [said("jobs_total", "Jobs done."), said("took_seconds_bucket", "Time taken.", { le: "1" }), ...parts, silent],
      SENDER,
    );
    expect(await helps()).toEqual({ jobs_total: "Jobs done.", took_seconds: "Time taken.", plain: "" });
  });

  it("may come without samples, after those it is about; of what has no series nothing is kept", async () => {
    const say = (help: string) =>
      one().noteMeanings(
        ["plain", "nowhere"].map((name) => ({ name, help })),
        SENDER,
      );
    await say("Plainly.");
    expect(await helps()).toMatchObject({ plain: "Plainly." });
    await say("Still plainly.");
    expect(await helps()).toMatchObject({ plain: "Still plainly." });
    const kept = await one().parts.database.read("select name from metric_help where name = 'nowhere'", []);
    expect(kept).toEqual([]);
  });

  it("is another one when a sender says so, an hour later at most", async () => {
    const write = (help: string) => one().writeSamples([said("jobs_total", help)], SENDER);
    nowMs += 1_000;
    await write("Jobs done or given up.");
    expect((await helps()).jobs_total).toBe("Jobs done.");
    nowMs += HOUR_MS + 1_000;
    await write("Jobs done or given up.");
    expect((await helps()).jobs_total).toBe("Jobs done or given up.");
  });

  it("is cut and can be stored, whatever it is", async () => {
    const hostile = `a\0b\ud800c'); drop table metric_help; --${"x".repeat(10_000)}`;
    expect(await one().writeSamples([said("hostile", hostile)], SENDER)).toEqual({ accepted: 1, rejected: [] });
    const { hostile: kept } = await helps();
    expect(kept).toMatch(/^a\ufffdb\ufffdc'\); drop table metric_help; --x+$/);
    expect(kept).toHaveLength(500);
  });

  it("is written by many at once, in whatever order they name the metrics", async () => {
    const names = Array.from({ length: 200 }, (_, i) => `many_${i}`);
    const batch = (who: string) => names.map((name) => said(name, who, { who }));
    const written = [one().writeSamples(batch("one"), SENDER), other().writeSamples(batch("other").reverse(), SENDER)];
    expect(await Promise.all(written)).toEqual(Array(2).fill({ accepted: 200, rejected: [] }));
    expect((await helps()).many_0).toMatch(/^(one|other)$/);
  });

  it("is forgotten with the last series of the name", async () => {
    const rows = () => database.db.$queryRaw<{ name: string }[]>`select name from metric_help order by name`;
    expect((await rows()).length).toBeGreaterThan(200);
    nowMs += 400 * 24 * HOUR_MS;
    await one().writeSamples([said("jobs_total", "Jobs done.")], SENDER);
    await upkeepOnce(one());
    expect(await rows()).toEqual([{ name: "jobs_total" }]);
  });
});
