import { beforeAll, describe, expect, it, test } from "vitest";
import { AppError } from "../agent/kernel/errors.ts";
import { recordCountedRefusals } from "../audit/record.ts";
import { identify } from "../auth/context.ts";
import { createToken } from "../auth/tokens/create.ts";
import { testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { addPerson, cookiesOf, fromConsole, type Person, signIn, TEST_SECRET } from "../testing/people.ts";
import { serveTrpc } from "./serve-trpc.ts";

const database = useDatabase();
let ada: Person;
let lookUps = 0;
const streamed = (): RequestInit => ({ method: "GET", headers: { "trpc-accept": "application/jsonl" } });
beforeAll(async () => {
  process.env.OPERATE_SECRET_KEY = TEST_SECRET;
  ada = await addPerson(database.db);
});

const trpc = serveTrpc({
  checkOrigin: ({ headers }) => {
    if (headers.get("origin") === "https://evil.example") throw new AppError("FORBIDDEN", "Another site sent this.");
  },
  identify: (request, via) => {
    lookUps++;
    return identify(testContext(database), request, via);
  },
  onFailure: () => undefined,
});
const send = async (path: string, headers: Record<string, string>, body: object = {}): Promise<number> =>
  (await trpc(fromConsole(`/api/trpc/${path}`, body, headers))).status;
const refused = async (errorCode: string) =>
  (await database.db.auditEntry.findMany({ where: { outcome: "refused", errorCode }, orderBy: { at: "asc" } })).map(
    ({ action, actorId, after }) => ({ action, actorId, after }),
  );

test("a write from another site with somebody's session is on record, at most 20 times at a stroke", async () => {
  const cookie = cookiesOf(await signIn(testContext(database), ada));
  const foreign = { cookie, origin: "https://evil.example" };
  expect(await send("incidents.manage,incidents.list?batch=1", foreign)).toBe(403);
  expect(await refused("FORBIDDEN")).toEqual([{ action: "incidents.manage", actorId: ada.id, after: null }]);
  for (let i = 0; i < 25; i++) await send("users.create", foreign);
  const found = await refused("FORBIDDEN");
  expect(found.length).toBeGreaterThanOrEqual(20);
  expect(found.length).toBeLessThan(24);
});

test("nothing is recorded of strangers, of forged sessions and of reads", async () => {
  const before = await database.db.auditEntry.count();
  const origin = "https://evil.example";
  const forged = { cookie: "operate-0123abcd.session_token=abc.c2lnbmF0dXJl" };
  for (const headers of [{}, forged, { authorization: "Bearer opk_nobody" }])
    expect(await send("users.create", { origin, ...headers })).toBe(403);
  const { secret } = await createToken(testContext(database, { actor: ada.actor }), {
    ...{ name: "reader", role: "viewer", expiresInDays: 1 },
  });
  const made = await database.db.auditEntry.count();
  expect(await send("incidents.list", { origin, authorization: `Bearer ${secret}` })).toBe(403);
  expect((await database.db.auditEntry.count()) - made).toBe(0);
  expect(made - before, "the token's own entry").toBe(1);
});

test("a write that is too large or comes too often is on record", async () => {
  const bob = await addPerson(database.db, { name: "Bob" });
  const { secret } = await createToken(testContext(database, { actor: bob.actor }), {
    ...{ name: "writer", role: "operator", expiresInDays: 1 },
  });
  const authorization = `Bearer ${secret}`;
  expect(await send("incidents.manage", { authorization }, { note: "x".repeat(1_000_001) })).toBe(413);
  expect(await refused("INVALID")).toMatchObject([{ action: "incidents.manage", after: null }]);
  const often = `${Array.from({ length: 20 }, () => "incidents.manage").join(",")}?batch=1`;
  const statuses = await Promise.all(Array.from({ length: 40 }, () => send(often, { authorization })));
  expect(statuses).toContain(429);
  const [entry] = await refused("RATE_LIMITED");
  expect(entry?.action).toBe("incidents.manage");
}, 60_000);

describe("a write is on record whatever refused it", () => {
  const json = { "content-type": "application/json" };
  const post = (headers: Record<string, string> = json, body = "{}"): RequestInit => ({
    method: "POST",
    headers,
    body,
  });
  const foreign = { ...json, origin: "https://evil.example" };
  const many = Array.from({ length: 21 }, () => "incidents.manage").join(",");
  const large = JSON.stringify({ note: "x".repeat(1_000_001) });
  it.each<[string, string, RequestInit, number]>([
    ["another site", "incidents.manage", post(foreign), 403],
    ["another site, a path that is encoded", "incidents%2Emanage", post(foreign), 403],
    ["another site, all of the path encoded", "%69ncidents%2e%6danage", post(foreign), 403],
    ["another site, a slash at the end", "incidents.manage/", post(foreign), 403],
    ["size", "incidents.manage", post(json, large), 413],
    ["size, a path that is encoded", "incidents%2Emanage", post(json, large), 413],
    ["21 calls", `${many}?batch=1`, post(), 400],
    ["a path that cannot be decoded", "incidents.manage,%ZZ?batch=1", post(), 400],
    ["its type", "incidents.manage", post({ "content-type": "text/plain" }), 415],
    ["its type within a batch", "incidents.list,incidents.manage?batch=1", post({ "content-type": "text/csv" }), 415],
    ["another type without a body", "incidents.manage", { method: "POST" }, 415],
    ["its method", "incidents.manage?input=%7B%7D", { method: "GET" }, 405],
    ["its method, beside a question", "session.me,incidents.manage?batch=1", { method: "GET" }, 400],
    ["its method, answered in a stream", "incidents.manage,incidents.manage?batch=1", streamed(), 200],
    ["another method", "incidents.manage", { ...post(), method: "PATCH" }, 405],
    ["broken JSON", "incidents.manage", post(json, "{"), 400],
    ["its input", "incidents.manage", post(), 400],
  ])("%s", async (_what, path, init, status) => {
    const person = await addPerson(database.db);
    const ctx = testContext(database, { actor: person.actor });
    const { secret, token } = await createToken(ctx, { name: "writer", role: "operator", expiresInDays: 1 });
    const response = await trpc(
      new Request(`http://localhost:4310/api/trpc/${path}`, {
        ...init,
        headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${secret}` },
      }),
    );
    const text = await response.text();
    expect(response.status, text.slice(0, 300)).toBe(status);
    const entries = await database.db.auditEntry.findMany({ where: { actorId: token.id } });
    expect(entries.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(["incidents.manage refused"]);
  });
});

describe("a page that was made for somebody else than is signed in now", () => {
  const withBo = async () => {
    const bo = await addPerson(database.db, { name: "Bo" });
    return { bo, cookie: cookiesOf(await signIn(testContext(database), bo)) };
  };
  const note = { action: "create", title: "slow" };
  const SAID = "You are signed in as somebody else now. Reload the page.";

  it.each(["incidents.manage", "incidents.manage,session.me?batch=1"])("changes nothing by %s", async (path) => {
    const { bo, cookie } = await withBo();
    const before = await database.db.incident.count();
    const response = await trpc(fromConsole(`/api/trpc/${path}`, note, { cookie, "x-operate-person": ada.id }));
    const body = await response.json();
    expect([response.status, body.error.message, body.error.data.code]).toEqual([401, SAID, "UNAUTHORIZED"]);
    expect(await database.db.incident.count()).toBe(before);
    const entries = await database.db.auditEntry.findMany({ where: { actorId: bo.id, action: "incidents.manage" } });
    expect(entries.map(({ outcome, errorCode }) => [outcome, errorCode])).toEqual([["refused", "UNAUTHENTICATED"]]);
  });

  it("reads nothing, and its stream says within the stream that nobody is signed in", async () => {
    const { cookie } = await withBo();
    const ofAda = { cookie, "x-operate-person": ada.id };
    expect((await trpc(fromConsole("/api/trpc/session.me", undefined, ofAda))).status).toBe(401);
    const params = encodeURIComponent(JSON.stringify({ person: ada.id }));
    const accept = "text/event-stream";
    const stream = fromConsole(`/api/trpc/live.events?connectionParams=${params}`, undefined, { cookie, accept });
    const text = await (await trpc(stream)).text();
    expect(text).toContain("serialized-error");
    expect(text).toContain("UNAUTHORIZED");
    expect(text).toContain(SAID);
  });

  it("is nobody's matter where the page is of the same person, says nothing or brings a token", async () => {
    const { bo, cookie } = await withBo();
    const { secret } = await createToken(testContext(database, { actor: bo.actor }), {
      ...{ name: "reader", role: "viewer", expiresInDays: 1 },
    });
    const read = async (headers: Record<string, string>) =>
      (await trpc(fromConsole("/api/trpc/session.me", undefined, headers))).status;
    expect(await read({ cookie, "x-operate-person": bo.id })).toBe(200);
    expect(await read({ cookie })).toBe(200);
    expect(await read({ authorization: `Bearer ${secret}`, "x-operate-person": ada.id })).toBe(200);
    const broken = fromConsole("/api/trpc/session.me?connectionParams=%7B", undefined, { cookie });
    expect((await trpc(broken)).status, "refused for its form").toBe(400);
  });
});

test("a write that is done, and a question by a method of its own, leave no refusal", async () => {
  const { actor } = await addPerson(database.db);
  const { secret, token } = await createToken(testContext(database, { actor }), {
    ...{ name: "writer", role: "operator", expiresInDays: 1 },
  });
  const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
  const url = "http://localhost:4310/api/trpc/incidents.manage";
  const body = JSON.stringify({ action: "create", title: "slow" });
  expect((await trpc(new Request(url, { method: "POST", headers, body }))).status).toBe(200);
  expect((await trpc(new Request(url, { method: "HEAD", headers }))).status).toBe(204);
  const entries = await database.db.auditEntry.findMany({ where: { actorId: token.id } });
  expect(entries.map(({ outcome }) => outcome)).toEqual(["done"]);
});

test("refusals of one credential that come often are not looked up each time, and none is lost", async () => {
  const { actor } = await addPerson(database.db);
  const { secret, token } = await createToken(testContext(database, { actor }), {
    ...{ name: "writer", role: "operator", expiresInDays: 1 },
  });
  const foreign = { authorization: `Bearer ${secret}`, origin: "https://evil.example" };
  lookUps = 0;
  for (let i = 0; i < 60; i++) expect(await send("incidents.manage", { ...foreign, cookie: `a=${i}` })).toBe(403);
  expect(lookUps).toBeLessThan(25);
  await recordCountedRefusals(database.db);
  const entries = await database.db.auditEntry.findMany({ where: { actorId: token.id } });
  const told = entries.find(({ action }) => action === "writes.refused");
  expect(entries.length).toBeLessThan(25);
  expect(told?.after).toMatchObject({ more: 60 - (entries.length - 1) });
});
