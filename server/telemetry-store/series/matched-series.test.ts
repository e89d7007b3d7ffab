import { afterAll, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { useDatabase } from "#server/testing/database.ts";
import { SENDER, samples } from "#server/testing/telemetry/records.ts";
import { openDatabase } from "../database.ts";
import { createTelemetryStore } from "../store.ts";
import { matchSeries } from "./matched-series.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
let nowMs = Date.now() - 10 * DAY_MS;
const close: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const one of close) await one();
});

it("series that ended before the window are not read, those that may have a sample in it are", async () => {
  const store = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
  const connections = openDatabase(database.url, 1);
  close.push(store.close, connections.close);
  const write = (stream_start: string, aheadMs = 0) =>
    store.writeSamples([samples({ labels: { stream_start }, timesMs: [nowMs + aheadMs], values: [1] })], SENDER);
  const startedMs = nowMs;
  await write("first");
  nowMs += 3 * DAY_MS;
  await write("second", HOUR_MS - 1_000);
  nowMs += 59 * 60_000; // too soon to note again that it lives
  const secondMs = nowMs;
  await write("second", HOUR_MS - 1_000);
  nowMs += 3 * DAY_MS;
  await write("third");
  const streams = async (fromMs: number) => {
    const query = { metric: "requests_total", filters: [], groupBy: ["stream_start"], fn: "rate" as const };
    const { groups } = await matchSeries(connections, query, fromMs);
    return groups.map(({ stream_start: stream }) => stream);
  };
  expect(await streams(startedMs)).toEqual(["first", "second", "third"]);
  expect(await streams(secondMs + HOUR_MS - 1_000)).toEqual(["second", "third"]);
  expect(await streams(nowMs)).toEqual(["third"]);
});
