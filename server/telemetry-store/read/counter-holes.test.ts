import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import type { MetricQuery } from "#server/agent/ports/metrics-source.ts";
import { useDatabase } from "#server/testing/database.ts";
import { SENDER, samples } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

/** What counters grew by while no sample came: as long as both ends are there, it is known. */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const endMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS;
const startMs = endMs - 12 * HOUR_MS;
const open = () => createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(endMs + MINUTE_MS) });
let store: BuiltinStore;
afterAll(() => store.close());

const HOLES = [6, 10, 50, 480] as const;
/** one a minute, 10/s, with a hole behind the first twenty minutes of the second hour */
const holed = (minutes: number): [number, number][] => {
  const fromMs = startMs + HOUR_MS + 20 * MINUTE_MS;
  const told: [number, number][] = [];
  for (let at = startMs; at < endMs; at += MINUTE_MS)
    if (at <= fromMs || at >= fromMs + minutes * MINUTE_MS) told.push([at, (at - startMs) / 100]);
  return told;
};
const write = async (to: BuiltinStore, name: string, told: readonly [number, number][], startedMs?: number) => {
  const [timesMs, values] = [told.map(([at]) => at), told.map(([, value]) => value)];
  const one = samples({ name, kind: "counter", labels: { service: "s" }, timesMs, values });
  const start = startedMs === undefined ? {} : { startMs: startedMs };
  expect((await to.writeSamples([{ ...one, ...start }], SENDER)).rejected).toEqual([]);
};
const ask = async (metric: string, fn: MetricQuery["fn"], stepSeconds: number, fromMs: number, toMs: number) => {
  const window = { from: new Date(fromMs), to: new Date(toMs) };
  const asked = { metric, fn, filters: [], groupBy: [], window, stepSeconds, limit: 1 };
  return (await store.metrics.query(asked)).data.lines[0]?.values ?? [];
};

beforeAll(async () => {
  store = open();
  for (const minutes of HOLES) await write(store, `hole_${minutes}_total`, holed(minutes));
  await write(store, "restarted_total", [[startMs + HOUR_MS, 0]]);
  await write(store, "restarted_total", [[startMs + HOUR_MS + 10 * MINUTE_MS, 500]]);
  // undelivered for eight minutes, by a process that goes on
  const told = [1, 2, 3, 4, 5, 6, 14].map((i): [number, number] => [startMs + i * MINUTE_MS, i * 600]);
  for (const one of told) await write(store, "undelivered_total", [one], startMs);
  // new at zero in the hole
  await write(store, "reset_total", [
    [startMs, 1_000],
    [startMs + 20 * MINUTE_MS, 600],
  ]);
});

describe.each(["samples", "samples, by a process that just began", "rollups"])(
  "a counter with a hole, read from %s",
  (from) => {
    beforeAll(async () => {
      if (from === "rollups") await upkeepOnce(store);
      else if (from !== "samples") {
        const other = open();
        for (let i = 1; i <= 13; i++)
          await write(other, "restarted_total", [[startMs + HOUR_MS + 10 * MINUTE_MS + i * 15_000, 500 + i]]);
        await other.close();
      }
    });

    it.each(HOLES)("of %i minutes grew by all that it counted", async (minutes) => {
      const metric = `hole_${minutes}_total`;
      for (const step of [30, 60, 300, 3_600]) {
        for (const rate of await ask(metric, "rate", step, startMs + HOUR_MS, startMs + 4 * HOUR_MS))
          expect(rate).toBeCloseTo(10, 6);
        const grown = await ask(metric, "increase", step, startMs + HOUR_MS, startMs + 11 * HOUR_MS);
        expect(grown.reduce<number>((sum, value) => sum + (value ?? 0), 0)).toBeCloseTo(360_000, 3);
      }
      // a window that begins or ends within the hole
      const middleMs = startMs + HOUR_MS + 23 * MINUTE_MS;
      expect(await ask(metric, "increase", 60, middleMs, middleMs + MINUTE_MS)).toEqual([expect.closeTo(600, 6)]);
    });

    it("grew by the same, whoever wrote it", async () => {
      const grown = await ask("restarted_total", "increase", 3_600, startMs + HOUR_MS, startMs + 2 * HOUR_MS);
      expect(grown).toEqual([expect.closeTo(from === "samples" ? 500 : 513, 6)]);
    });

    it("that began at a time that is told grew since then", async () => {
      expect(await ask("undelivered_total", "increase", 3_600, startMs, startMs + HOUR_MS)).toEqual([
        expect.closeTo(8_400, 6),
      ]);
    });

    it("and that began anew meanwhile grew by what it has", async () => {
      expect(await ask("reset_total", "increase", 3_600, startMs, startMs + HOUR_MS)).toEqual([expect.closeTo(600, 6)]);
    });
  },
);

it("a sample that comes late into a hole changes what the next one grew by, hours later", async () => {
  await upkeepOnce(store);
  await write(store, "late_total", [
    [endMs - 4 * HOUR_MS, 100],
    [endMs - 30_000, 700],
  ]);
  await upkeepOnce(store);
  await write(store, "late_total", [[endMs - HOUR_MS, 600]]);
  await upkeepOnce(store);
  const hours = await ask("late_total", "increase", 3_600, endMs - 4 * HOUR_MS, endMs);
  expect(hours.slice(0, 3).reduce<number>((sum, value) => sum + (value ?? 0), 0)).toBeCloseTo(500, 6);
  expect(hours[3]).toBeCloseTo(100, 6);
});
