import { afterEach, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { type Disk, diskOf } from "#server/agent/kernel/disk.ts";
import { useDatabase } from "#server/testing/database.ts";
import { logLine, SENDER } from "#server/testing/telemetry/records.ts";
import { limitsOf, partitionsToDrop, type SpaceLimits } from "./size-retention.ts";
import { type BuiltinStore, createTelemetryStore } from "./store.ts";
import { upkeepOnce } from "./upkeep.ts";

const DAY_MS = 86_400_000;
const GIB = 2 ** 30;
const NO_LIMITS: SpaceLimits = { all: null, logs: null, metrics: null, traces: null };
const { monitoringConfig } = OperateAgentConfigSchema.parse({});

describe("partitionsToDrop", () => {
  const nowMs = 100 * DAY_MS + 1;
  const day = (table: "log_line" | "metric_sample" | "span", number: number, bytes: number) => ({
    ...{ table, name: `${table} ${number}`, startMs: number * DAY_MS, bytes },
  });
  const week = { table: "metric_hour", name: "metric_hour 84", startMs: 84 * DAY_MS, bytes: 30 } as const;
  const thisWeek = { table: "metric_hour", name: "metric_hour 98", startMs: 98 * DAY_MS, bytes: 30 } as const;
  const all = [
    ...[day("log_line", 98, 10), day("log_line", 99, 10), day("log_line", 100, 10)],
    ...[day("metric_sample", 97, 5), day("metric_sample", 99, 5), day("metric_sample", 100, 5)],
    ...[day("span", 99, 1), week, thisWeek],
  ];
  const dropped = (limits: Partial<SpaceLimits>) => {
    const { drop, over } = partitionsToDrop(all, { ...NO_LIMITS, ...limits }, nowMs);
    return { names: drop.map(({ name }) => name).sort(), over };
  };

  it.each([
    ["without a limit nothing", {}, [], []],
    ["at its limit nothing", { logs: 30, all: 106 }, [], []],
    ["of a signal its oldest days", { logs: 20 }, ["log_line 98"], []],
    ["never what is being written to, and says so", { logs: 5 }, ["log_line 98", "log_line 99"], ["logs"]],
    ["of all the oldest day first, whatever it holds", { all: 95 }, ["log_line 98", "metric_sample 97"], []],
    [
      "rollups after every closed day, and never this week's",
      { all: 50 },
      ["log_line 98", "log_line 99", "metric_hour 84", "metric_sample 97", "metric_sample 99", "span 99"],
      [],
    ],
    ["what a signal's own limit took counts for all", { logs: 10, all: 86 }, ["log_line 98", "log_line 99"], []],
  ] as const)("%s", (_name, limits, names, over) => expect(dropped(limits)).toEqual({ names, over }));
});

it("takes half of what is free for it unless told otherwise, and has no limit on a disk it does not know", () => {
  const disk = { sizeBytes: 100 * GIB, freeBytes: 30 * GIB, usedShare: 0.7 };
  expect(limitsOf(monitoringConfig.retention, 10 * GIB, disk).all).toBe(20 * GIB);
  expect(limitsOf({ ...monitoringConfig.retention, maxBytes: GIB }, 10 * GIB, disk).all).toBe(GIB);
  expect(limitsOf({ ...monitoringConfig.retention, spansMaxBytes: 7 }, 10 * GIB, null)).toEqual({
    ...NO_LIMITS,
    traces: 7,
  });
});

describe("the store", () => {
  const database = useDatabase();
  let store: BuiltinStore | undefined;
  afterEach(() => store?.close());
  const open = (retention: object, readDisk?: () => Promise<Disk>) => {
    const config = { ...monitoringConfig, retention: { ...monitoringConfig.retention, ...retention } };
    store = createTelemetryStore({ databaseUrl: database.url, config, readDisk });
    return store;
  };
  /** 15 kB that do not compress, so that a day of them has a size */
  const noise = (seed: number) =>
    Array.from({ length: 1_500 }, (_, i) =>
      ((Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b)) >>> 0).toString(36),
    ).join("");
  const fill = (one: BuiltinStore, daysAgo: number) =>
    one.writeLogs(
      Array.from({ length: 150 }, (_, i) =>
        logLine({ service: "noisy", atMs: Date.now() - daysAgo * DAY_MS, body: noise(daysAgo * 1_000 + i) }),
      ),
      SENDER,
    );
  const days = async () =>
    (
      await database.db.$queryRaw<{ day: string }[]>`
        select distinct to_char(at at time zone 'UTC', 'YYYY-MM-DD') as day from log_line order by 1`
    ).map(({ day }) => day);
  const dayOf = (daysAgo: number) => new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10);

  it("drops the oldest days of a signal beyond its bytes, and refuses what is more than that within a day", async () => {
    const one = open({});
    for (const daysAgo of [3, 2, 1, 0]) await fill(one, daysAgo);
    const { bytes } = await one.space();
    const lines = (await one.stored()).find(({ kind }) => kind === "logs")?.bytes ?? 0;
    expect(bytes).toBeGreaterThan(lines);
    await one.close();

    const tight = open({ logsMaxBytes: Math.ceil(lines * 0.6) });
    await upkeepOnce(tight);
    expect(await days()).toEqual([dayOf(1), dayOf(0)]);
    await expect(fill(tight, 0)).resolves.toMatchObject({ accepted: 150 });
    await tight.close();

    const tighter = open({ logsMaxBytes: Math.ceil(lines * 0.1) });
    await upkeepOnce(tighter);
    expect(await days()).toEqual([dayOf(0)]);
    await expect(fill(tighter, 0)).rejects.toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
      message: expect.stringMatching(/^Stored logs take .+iB, more than .+ monitoringConfig\.retention\.logsMaxBytes/),
    });
    // other signals have room, and logs again once the limit is raised
    await expect(tighter.writeSpans([], SENDER)).resolves.toMatchObject({ accepted: 0 });
  });

  it("refuses telemetry of every kind while the disk has only the database's reserve, and takes it again by itself", async () => {
    let freeBytes = 0.4 * GIB;
    const blocks = 100 * GIB;
    const one = open({}, async () => diskOf({ bsize: 1, blocks, bfree: freeBytes, bavail: freeBytes }));
    await one.sizeRetention.readDisk();
    for (const write of [() => fill(one, 0), () => one.writeSamples([], SENDER), () => one.writeSpans([], SENDER)])
      await expect(write()).rejects.toMatchObject({ message: expect.stringContaining("The disk is 99 % full") });
    expect(await one.space()).toMatchObject({
      level: "full",
      message: expect.stringContaining("Telemetry is refused"),
    });
    freeBytes = 50 * GIB;
    await one.sizeRetention.readDisk();
    await expect(fill(one, 0)).resolves.toMatchObject({ accepted: 150 });
    expect(await one.space()).toMatchObject({ level: "ok", message: null });
  });
});
