import { expect, test } from "vitest";
import { performWrite, unchanged } from "../agent/kernel/perform.ts";
import { actor, testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { recordCountedRefusals } from "./record.ts";
import { RefusalLimit } from "./refusal-limit.ts";

const database = useDatabase();

function refusals() {
  let [ms, setByMs] = [0, 0];
  const entries: string[] = [];
  const ctx = (id: string, ownerId = "usr_1") => testContext(database, { actor: actor({ id }), ownerId });
  const limit = new RefusalLimit(async (_db, _who, { reason }) => void entries.push(reason ?? ""), {
    now: () => new Date(ms + setByMs),
    lapsedMs: () => ms,
  });
  const { db } = database;
  const refuse = (id: string, action: string, errorCode: string, ownerId?: string) =>
    limit.admits(db, ctx(id, ownerId), { procedure: action, action, outcome: "refused", errorCode });
  const count = (n: number, ...[id, action, code]: [string, string, string]) =>
    Array.from({ length: n }, () => refuse(id, action, code)).filter(Boolean).length;
  const pass = (seconds: number) => {
    ms += seconds * 1_000;
  };
  const setClock = (seconds: number) => {
    setByMs += seconds * 1_000;
  };
  return { refuse, count, entries, flush: () => limit.flush(db), pass, setClock };
}

test("one person's refusals are 20 entries at a stroke and 6 a minute, however many tokens they have", () => {
  const { count, pass } = refusals();
  expect(count(500, "usr_1", "incidents.manage", "INVALID")).toBe(20);
  expect(count(500, "tok_1", "incidents.manage", "INVALID")).toBe(1);
  expect(count(500, "tok_1", "incidents.manage", "INVALID")).toBe(0);
  pass(60);
  expect(count(500, "tok_1", "incidents.manage", "INVALID")).toBe(6);
});

test("the first of each action and error has its entry, and others' refusals are not counted together", () => {
  const { count, refuse } = refusals();
  count(100, "usr_1", "incidents.manage", "INVALID");
  expect(count(50, "usr_1", "incidents.manage", "FORBIDDEN")).toBe(1);
  expect(count(50, "usr_1", "users.create", "FORBIDDEN")).toBe(1);
  expect(refuse("usr_2", "users.create", "FORBIDDEN", "usr_2")).toBe(true);
});

test.each([-3_600, 3_600])("a clock that is set by %i s changes no limit", (seconds) => {
  const { count, pass, setClock } = refusals();
  count(100, "usr_1", "incidents.manage", "INVALID");
  setClock(seconds);
  expect(count(100, "usr_1", "incidents.manage", "INVALID")).toBe(0);
  pass(60);
  expect(count(100, "usr_1", "incidents.manage", "INVALID")).toBe(6);
  pass(3_540);
  expect(count(100, "usr_1", "incidents.manage", "INVALID")).toBe(20);
  expect(count(100, "usr_1", "users.create", "FORBIDDEN")).toBe(1);
});

test("what had no entry of its own is told by number", async () => {
  const { count, entries, flush } = refusals();
  count(120, "usr_1", "incidents.manage", "INVALID");
  count(31, "usr_1", "users.create", "FORBIDDEN");
  await flush();
  await flush();
  expect(entries).toEqual(["and 130 more refused: incidents.manage INVALID 100, users.create FORBIDDEN 30"]);
});

test("the number is written by itself, and kept while the database does not answer", async () => {
  const told = Promise.withResolvers<string>();
  let answers = false;
  const limit: RefusalLimit = new RefusalLimit(
    async (_db, _who, { reason }) => {
      if (answers) return told.resolve(reason ?? "");
      answers = true;
      limit.admits(database.db, testContext(database), event);
      throw new Error("no connection");
    },
    { countedMs: 5 },
  );
  const procedure = "incidents.manage";
  const event = { procedure, action: procedure, outcome: "refused", errorCode: "INVALID" } as const;
  for (let n = 0; n < 25; n++) limit.admits(database.db, testContext(database), event);
  expect(await told.promise).toBe("and 6 more refused: incidents.manage INVALID 6");
});

test("writes that the core refuses are bounded in the table, and none is lost", async () => {
  const ctx = testContext(database, { actor: actor({ id: "usr_many", role: "viewer" }) });
  const asking = { ...ctx, permission: "user.write" } as const;
  const write = { action: "user.create" } as const;
  for (let n = 0; n < 60; n++)
    await expect(performWrite(asking, write, async () => unchanged(n))).rejects.toMatchObject({ code: "FORBIDDEN" });
  await recordCountedRefusals(database.db);
  const entries = await database.db.auditEntry.findMany({ where: { actorId: "usr_many" } });
  const [told, ...others] = entries.toSorted((a, b) => Number(a.action < b.action) - Number(b.action < a.action));
  expect(told?.action).toBe("writes.refused");
  expect(others.length).toBeLessThan(24);
  expect(told?.after).toMatchObject({ more: 60 - others.length });
});

test("what was asked for is kept to 4 KB when it was refused", async () => {
  const ctx = testContext(database, { actor: actor({ id: "usr_large", role: "viewer" }) });
  const input = { lines: Array.from({ length: 100 }, (_, n) => `${n} ${"x".repeat(100)}`) };
  const write = performWrite({ ...ctx, permission: "user.write" }, { action: "user.create", input }, async () =>
    unchanged(1),
  );
  await expect(write).rejects.toMatchObject({ code: "FORBIDDEN" });
  const entry = await database.db.auditEntry.findFirstOrThrow({ where: { actorId: "usr_large" } });
  expect(JSON.stringify(entry.after).length).toBeLessThan(4_200);
});
