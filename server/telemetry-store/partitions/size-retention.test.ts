import { afterEach, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { type Disk, diskOf } from "#server/agent/kernel/storage/disk.ts";
import { useDatabase } from "#server/testing/database.ts";
import { logLine, SENDER, samples } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";
import type { PartitionedName } from "./partitions.ts";
import { limitsOf, partitionsToDrop, type SpaceLimits } from "./size-retention.ts";

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
    return { names: drop.map(({ name }) => name).sort(), over: over.map(({ signal }) => signal).sort() };
  };

  it.each([
    ["without a limit nothing", {}, [], []],
    ["at its limit nothing", { logs: 30, all: 106 }, [], []],
    ["of a signal its oldest days", { logs: 20 }, ["log_line 98"], []],
    ["never what is being written to, and says so", { logs: 5 }, ["log_line 98", "log_line 99"], ["logs"]],
    [
      "of all what has more than its share, and of the others nothing",
      { all: 95 },
      ["log_line 98", "metric_hour 84"],
      [],
    ],
    ["no week before a day that is beyond its share", { all: 96 }, ["log_line 98"], []],
    [
      "of rollups that still do not fit, refuses the signal they count",
      { all: 30 },
      ["log_line 98", "log_line 99", "metric_hour 84", "metric_sample 97", "metric_sample 99"],
      ["logs", "metrics"],
    ],
    ["what a signal's own limit took counts for all", { logs: 10, all: 86 }, ["log_line 98", "log_line 99"], []],
    ["a signal's own limit is its share of all", { logs: 30, all: 95 }, ["metric_hour 84"], []],
  ] as const)("%s", (_name, limits, names, over) => expect(dropped(limits)).toEqual({ names, over }));
});

describe("a day of one signal that is more than all telemetry may take", () => {
  const nowMs = 100 * DAY_MS + 1;
  const days = (table: PartitionedName, numbers: readonly number[], bytes: number) =>
    numbers.map((number) => ({ table, name: `${table} ${number}`, startMs: number * DAY_MS, bytes }));
  const fortnight = Array.from({ length: 14 }, (_, i) => 86 + i);
  const weeks = Array.from({ length: 12 }, (_, i) => 14 + 7 * i);
  const limits = { ...NO_LIMITS, all: 3 * GIB };

  it.each([
    ["log_line", "logs"],
    ["metric_sample", "metrics"],
    ["span", "traces"],
  ] as const)("of %s costs only its own days, and refuses it alone", (table, signal) => {
    const others = [
      ...(["log_line", "metric_sample", "span"] as const)
        .filter((one) => one !== table)
        .flatMap((one) => days(one, fortnight, 20e6)),
      ...days("metric_hour", weeks, 1e6),
      ...days("log_count_hour", weeks, 1e6),
    ];
    const own = [...days(table, [98, 99], 1e6), ...days(table, [100], 3.2 * GIB)];
    const { drop, over } = partitionsToDrop([...others, ...own], limits, nowMs);
    expect(drop.map(({ name }) => name)).toEqual([`${table} 98`, `${table} 99`]);
    expect(over.map((one) => one.signal)).toEqual([signal]);
    // the day after, it goes as a whole, and the signal is taken again
    expect(partitionsToDrop(own.slice(2), limits, nowMs + DAY_MS)).toEqual({ drop: own.slice(2), over: [] });
  });

  it("of all signals at once costs each its own, and leaves rollups their share", () => {
    const raw = (["log_line", "metric_sample", "span"] as const).flatMap((table) => days(table, [99, 100], 2 * GIB));
    const rollups = days("metric_hour", weeks, 0.08 * GIB);
    const { drop, over } = partitionsToDrop([...raw, ...rollups], limits, nowMs);
    expect(drop.map(({ name }) => name).sort()).toEqual(["log_line 99", "metric_sample 99", "span 99"]);
    expect(over.map((one) => one.signal).sort()).toEqual(["logs", "metrics", "traces"]);
  });
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

  it("takes other signals while one has more than all may take, and keeps what they have", async () => {
    const one = open({});
    await fill(one, 0);
    await one.writeSamples(
      [samples({ timesMs: [Date.now() - 2 * DAY_MS], values: [1] }), samples({ timesMs: [Date.now()], values: [2] })],
      SENDER,
    );
    const lines = (await one.stored()).find(({ kind }) => kind === "logs")?.bytes ?? 0;
    await one.close();
    const tight = open({ maxBytes: Math.ceil(lines * 0.9) });
    await upkeepOnce(tight);
    await expect(fill(tight, 0)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^Stored logs take .+ their share of the .+ monitoringConfig\.retention\.maxBytes/,
      ),
    });
    const later = samples({ timesMs: [Date.now() + 1], values: [3] });
    await expect(tight.writeSamples([later], SENDER)).resolves.toMatchObject({ accepted: 1 });
    await expect(tight.writeSpans([], SENDER)).resolves.toMatchObject({ accepted: 0 });
    expect(await database.db.$queryRaw`select value from metric_sample order by at`).toHaveLength(3);
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
