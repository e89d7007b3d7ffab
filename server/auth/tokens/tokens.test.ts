import { beforeAll, describe, expect, test } from "vitest";
import { testContext } from "../../testing/context.ts";
import { useDatabase } from "../../testing/database.ts";
import { addPerson, fromConsole, type Person } from "../../testing/people.ts";
import { identify } from "../context.ts";
import { createToken } from "./create.ts";
import { listTokens } from "./list.ts";
import { revokeToken } from "./revoke.ts";

const database = useDatabase();
let root: Person;
let ada: Person;
let bob: Person;
beforeAll(async () => {
  root = await addPerson(database.db, { name: "Root" });
  ada = await addPerson(database.db, { name: "Ada", role: "responder" });
  bob = await addPerson(database.db, { name: "Bob", role: "operator" });
});
const as = (person: Person) => testContext(database, { actor: person.actor });
const input = { name: "ci", role: "viewer", expiresInDays: 30 } as const;
const auditOf = (targetId: string) => database.db.auditEntry.findMany({ where: { targetId }, orderBy: { at: "asc" } });

describe("create", () => {
  test("shows the token once; only its hash is kept and the audit entry has neither", async () => {
    const { token, secret } = await createToken(as(ada), input);
    expect(secret).toMatch(/^opk_[\w-]{43}$/);
    expect(token).toMatchObject({ prefix: secret.slice(0, 10), owner: { id: ada.id, name: "Ada" }, state: "active" });
    expect(Date.parse(token.expiresAt) - Date.parse(token.createdAt)).toBe(30 * 86_400_000);
    const row = await database.db.apiToken.findUniqueOrThrow({ where: { id: token.id } });
    expect(JSON.stringify(row)).not.toContain(secret.slice(10));
    const [entry] = await auditOf(token.id);
    expect(entry).toMatchObject({ action: "token.create", outcome: "done", after: { name: "ci", role: "viewer" } });
    expect(JSON.stringify(entry)).not.toContain(secret.slice(10));
    expect(JSON.stringify(entry)).not.toContain(row.hash);
  });

  test("a role above one's own is refused and audited", async () => {
    const write = createToken(as(ada), { ...input, role: "operator" });
    await expect(write).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringMatching(/responder or a lesser/),
    });
    const entry = await database.db.auditEntry.findFirst({ where: { actorId: ada.id, outcome: "refused" } });
    expect(entry).toMatchObject({ action: "token.create", errorCode: "FORBIDDEN", after: { role: "operator" } });
  });

  test("a token that ingests is made by whoever may ingest, and by nobody else", async () => {
    const ingest = { ...input, role: "ingest" } as const;
    expect((await createToken(as(bob), ingest)).token.role).toBe("ingest");
    await expect(createToken(as(ada), ingest)).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringMatching(/role operator or above/),
    });
  });

  test("one that ingests is bound to services; Operate is none of them, and no other role is bound", async () => {
    const ingest = { ...input, role: "ingest" } as const;
    const { token } = await createToken(as(bob), { ...ingest, services: ["checkout", "payments", "checkout"] });
    expect(token.services).toEqual(["checkout", "payments"]);
    expect((await listTokens(as(bob), { limit: 100 })).items[0]).toEqual(token);
    expect((await auditOf(token.id))[0]).toMatchObject({ after: { services: ["checkout", "payments"] } });
    for (const name of ["operate", "Operate", "oper\u200bate", "ｏｐｅｒａｔｅ"])
      await expect(createToken(as(bob), { ...ingest, services: [name] })).rejects.toMatchObject({ code: "INVALID" });
    await expect(createToken(as(bob), { ...input, services: ["checkout"] })).rejects.toMatchObject({ code: "INVALID" });
    expect((await createToken(as(bob), ingest)).token.services).toEqual([]);
  });

  test("a token or an agent makes no tokens, though its role would let it", async () => {
    const { secret } = await createToken(as(root), { ...input, role: "admin" });
    const before = await database.db.apiToken.count();
    for (const via of ["api", "mcp"] as const) {
      const request = fromConsole("/", undefined, { authorization: `Bearer ${secret}` });
      const { agent } = await identify(as(root), request, via);
      if (!agent) throw new Error("the token should be known");
      await expect(createToken(agent, input)).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    expect(await database.db.apiToken.count()).toBe(before);
  });
});

describe("revoke", () => {
  test("one's own, at once, with one audit entry however often it is asked", async () => {
    const { token } = await createToken(as(ada), input);
    expect((await revokeToken(as(ada), { tokenId: token.id })).token.state).toBe("revoked");
    expect((await revokeToken(as(ada), { tokenId: token.id })).token.state).toBe("revoked");
    expect((await auditOf(token.id)).map((entry) => entry.action)).toEqual(["token.create", "token.revoke"]);
  });

  test("another's is not found, and the refusal is audited; an administrator may", async () => {
    const { token } = await createToken(as(ada), input);
    await expect(revokeToken(as(bob), { tokenId: token.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(revokeToken(as(bob), { tokenId: "tok_none" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await auditOf(token.id)).at(-1)).toMatchObject({ outcome: "refused", actorId: bob.id });
    expect((await revokeToken(as(root), { tokenId: token.id })).token.revokedAt).not.toBeNull();
  });
});

describe("list", () => {
  test("shows one's own, and everyone's to an administrator, in pages", async () => {
    await createToken(as(bob), input);
    await createToken(as(bob), { ...input, name: "second" });
    const mine = await listTokens(as(bob), { limit: 100 });
    expect(new Set(mine.items.map((token) => token.owner.id))).toEqual(new Set([bob.id]));
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await listTokens(as(root), { limit: 2, ...(cursor ? { cursor } : {}) });
      seen.push(...page.items.map((token) => token.id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(new Set(seen).size).toBe(await database.db.apiToken.count());
    expect(JSON.stringify(mine)).not.toMatch(/hash|opk_[\w-]{12}/);
  });

  test("a token sees its owner's", async () => {
    const { secret } = await createToken(as(bob), { ...input, role: "operator" });
    const { agent } = await identify(
      as(bob),
      fromConsole("/", undefined, { authorization: `Bearer ${secret}` }),
      "api",
    );
    if (!agent) throw new Error("the token should be known");
    expect(new Set((await listTokens(agent, { limit: 100 })).items.map((token) => token.owner.id))).toEqual(
      new Set([bob.id]),
    );
  });
});
