import { beforeEach, expect, it } from "vitest";
import { useDatabase } from "#server/testing/database.ts";
import { listEvents } from "./list-events.ts";
import { recordOnTimeline } from "./record.ts";
import type { TimelineEvent } from "./schema.ts";

const database = useDatabase();
const minute = (n: number) => new Date(Date.parse("2026-03-01T12:00:00Z") + n * 60_000);
const place = { service: "checkout", environment: "production" };

const started = (key: string, at: Date, where = place): TimelineEvent => ({
  ...{ ...where, key, at, subject: key, level: "info", title: "started", kind: "deployment.started" },
  detail: { kind: "deploy", strategy: "rolling", version: "1.1.0", previousVersion: "1.0.0" },
});
const opened = (key: string, at: Date): TimelineEvent => ({
  ...{ ...place, key, at, subject: key, level: "warning", title: "opened", kind: "incident.opened" },
  detail: { label: "INC-1", title: "oops", severity: "high" },
});

beforeEach(async () => {
  await database.db.$executeRaw`truncate timeline_event cascade`;
  await database.db.$transaction((tx) =>
    recordOnTimeline(
      tx,
      started("a", minute(0)),
      started("b", minute(1)),
      started("staging", minute(1), { ...place, environment: "staging" }),
      started("payments", minute(2), { ...place, service: "payments" }),
      opened("c", minute(3)),
      started("d", minute(3)),
    ),
  );
});

const keys = async (query: Omit<Parameters<typeof listEvents>[1], "limit">, limit = 10) => {
  const { events, isCut } = await listEvents(database.db, { ...query, limit });
  return [events.map(({ key }) => key).join(" "), isCut];
};

it("lists what happened in a window, both ends included, newest first", async () => {
  expect(await keys({ from: minute(0) })).toEqual(["d c payments staging b a", false]);
  expect(await keys({ from: minute(1), to: minute(2) })).toEqual(["payments staging b", false]);
  expect(await listEvents(database.db, { from: minute(3), kinds: ["incident.opened"], limit: 1 })).toEqual({
    events: [opened("c", minute(3))],
    isCut: false,
  });
});

it("lists that of one service, environment or kind", async () => {
  expect(await keys({ from: minute(0), service: "checkout" })).toEqual(["d c staging b a", false]);
  expect(await keys({ from: minute(0), ...place })).toEqual(["d c b a", false]);
  expect(await keys({ from: minute(0), ...place, kinds: ["deployment.started"] })).toEqual(["d b a", false]);
  expect(await keys({ from: minute(0), service: "of no name" })).toEqual(["", false]);
});

it("says where it is cut", async () => {
  expect(await keys({ from: minute(0) }, 5)).toEqual(["d c payments staging b", true]);
  expect(await keys({ from: minute(0) }, 6)).toEqual(["d c payments staging b a", false]);
  expect(await keys({ from: minute(0), kinds: ["incident.opened"] }, 1)).toEqual(["c", false]);
});

it.each([
  ["service", "checkout"],
  ["kind", "deployment.started"],
])("has an index for events of one %s in a window", async (column, value) => {
  const plan = await database.db.$transaction(async (tx) => {
    await tx.$executeRaw`set local enable_seqscan = off`;
    return tx.$queryRawUnsafe<{ "QUERY PLAN": string }[]>(
      `explain select * from timeline_event where ${column} = '${value}' and at >= '2026-03-01' order by at desc`,
    );
  });
  expect(plan.map((line) => line["QUERY PLAN"]).join("\n")).toContain(`timeline_event_${column}_at_idx`);
});
