import { beforeAll, expect, test } from "vitest";
import { AppError } from "../agent/kernel/errors.ts";
import { identify } from "../auth/context.ts";
import { createToken } from "../auth/tokens/create.ts";
import { testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { addPerson, cookiesOf, fromConsole, type Person, signIn, TEST_SECRET } from "../testing/people.ts";
import { serveTrpc } from "./serve-trpc.ts";

const database = useDatabase();
let ada: Person;
beforeAll(async () => {
  process.env.OPERATE_SECRET_KEY = TEST_SECRET;
  ada = await addPerson(database.db);
});

const trpc = serveTrpc({
  checkOrigin: ({ headers }) => {
    if (headers.get("origin") === "https://evil.example") throw new AppError("FORBIDDEN", "Another site sent this.");
  },
  identify: (request, via) => identify(testContext(database), request, via),
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
