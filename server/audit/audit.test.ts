import { describe, expect, test } from "vitest";
import { performWrite, unchanged } from "../agent/kernel/perform.ts";
import { actor, testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { listAudit } from "./list.ts";
import { ListAuditInput } from "./schema.ts";

const database = useDatabase();
const list = (given: Partial<ListAuditInput> = {}, role: "admin" | "viewer" = "admin") =>
  listAudit(testContext(database, { actor: actor({ role }) }), ListAuditInput.parse(given));

describe("recording", () => {
  test("a write and its entry are one: when the entry fails, nothing is changed", async () => {
    const ctx = testContext(database, {
      audit: {
        record: async () => {
          throw new Error("the audit log is full");
        },
      },
    });
    const write = performWrite({ ...ctx, permission: "user.write" }, { action: "user.create" }, async (tx) => {
      await tx.verification.create({ data: { id: "v1", identifier: "x", value: "x", expiresAt: new Date() } });
      return { result: null, target: undefined, before: null, after: null };
    });
    await expect(write).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await database.db.verification.count()).toBe(0);
  });

  test("a refused write is recorded with what was asked, without its secrets", async () => {
    const ctx = testContext(database, { actor: actor({ id: "usr_v", role: "viewer" }), requestId: "req-refused-1" });
    const input = { name: "x", password: "hunter2hunter2", text: "nul \u0000 and half \ud800 a character" };
    const target = { type: "user", id: "usr_\u0000" };
    const write = performWrite(
      { ...ctx, permission: "user.write" },
      { action: "user.set_role", target, input },
      async () => unchanged(1),
    );
    await expect(write).rejects.toMatchObject({ code: "FORBIDDEN" });
    const [entry] = (await list({ action: "user.set_role" })).items;
    expect(entry).toMatchObject({
      actor: { kind: "person", id: "usr_v", name: "Ada" },
      requestId: "req-refused-1",
      outcome: "refused",
      errorCode: "FORBIDDEN",
      after: { name: "x", password: "[redacted]", text: "nul \ufffd and half \ufffd a character" },
      before: null,
    });
    expect(entry?.reason).toMatch(/role viewer/);
  });
});

describe("list", () => {
  test("filters by actor, action, outcome, target and time, and pages without gap or repeat", async () => {
    const ctx = testContext(database, { actor: actor({ id: "usr_pages" }) });
    for (let n = 0; n < 7; n++)
      await ctx.audit.record(database.db, ctx, {
        action: n % 2 ? "token.create" : "token.revoke",
        target: { type: "page", id: String(n) },
        outcome: n === 6 ? "refused" : "done",
      });
    const numbers = async (given: Partial<ListAuditInput>) =>
      (await list({ action: "token.", ...given })).items.map((entry) => Number(entry.target?.id)).sort();
    expect(await numbers({})).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(await numbers({ action: "token.create" })).toEqual([1, 3, 5]);
    expect(await numbers({ outcome: "refused" })).toEqual([6]);
    expect(await numbers({ targetType: "page", targetId: "4" })).toEqual([4]);
    expect(await numbers({ actorId: "usr_other" })).toEqual([]);
    expect(await numbers({ to: "2020-01-01T00:00:00Z" })).toEqual([]);
    expect(await numbers({ from: "2020-01-01T00:00:00Z" })).toHaveLength(7);

    // several entries in one millisecond are the hard case for a cursor
    const at = new Date("2026-05-05T05:05:05.005Z");
    await database.db.auditEntry.updateMany({
      where: { targetType: "page", targetId: { in: ["1", "2", "3", "4"] } },
      data: { at },
    });
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await list({ action: "token.", limit: 2, ...(cursor ? { cursor } : {}) });
      seen.push(...page.items.map((entry) => `${entry.at}~${entry.id}`));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toHaveLength(7);
    expect(seen).toEqual([...seen].sort().reverse());
  });

  test("is refused without audit.read, and a cursor of another list is told so", async () => {
    await expect(list({}, "viewer")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(list({ cursor: "dep_123" })).rejects.toMatchObject({ code: "INVALID" });
  });
});
