import { beforeAll, describe, expect, test } from "vitest";
import type { Channel } from "../agent/kernel/context.ts";
import { testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { addPerson, cookiesOf, fromConsole, type Person, signIn, TEST_SECRET } from "../testing/people.ts";
import { CLIENT_ADDRESS_HEADER } from "./client-address.ts";
import { agentContextOf, identify } from "./context.ts";
import type { CreateTokenInput } from "./schema.ts";
import { createToken } from "./tokens/create.ts";
import { revokeToken } from "./tokens/revoke.ts";
import { setUserDisabled } from "./users/set-disabled.ts";
import { setUserRole } from "./users/set-role.ts";

const database = useDatabase();
let root: Person;
beforeAll(async () => {
  process.env.OPERATE_SECRET_KEY = TEST_SECRET;
  root = await addPerson(database.db, { name: "Root" });
});
const runtime = () => testContext(database);
const as = (person: Person) => testContext(database, { actor: person.actor });
const bearer = (secret: string, headers: Record<string, string> = {}) =>
  fromConsole("/api/trpc/session.me", undefined, { authorization: `Bearer ${secret}`, ...headers });
const tokenOf = (person: Person, given: Partial<CreateTokenInput> = {}) =>
  createToken(as(person), { name: "deploy-bot", role: person.actor.role, expiresInDays: 30, ...given });
const refusalOf = async (request: Request, via: Channel = "api") => {
  const { agent, refusal } = await identify(runtime(), request, via);
  expect(agent).toBeNull();
  expect(refusal?.code).toBe("UNAUTHENTICATED");
  return refusal?.message;
};

describe("a token", () => {
  test("acts as a token over tRPC and as an agent over MCP, under its name and its owner's", async () => {
    const ada = await addPerson(database.db, { role: "operator" });
    const { token, secret } = await tokenOf(ada, { role: "responder" });
    const expected = { id: token.id, name: "deploy-bot (token of Ada)", role: "responder" };
    expect((await agentContextOf(runtime(), bearer(secret), "api"))?.actor).toEqual({ kind: "token", ...expected });
    expect((await agentContextOf(runtime(), bearer(secret), "mcp"))?.actor).toEqual({ kind: "agent", ...expected });
  });

  test("that was right is remembered once, whatever cookie it comes with and however it is written", async () => {
    const ada = await addPerson(database.db, { role: "operator" });
    const { secret } = await tokenOf(ada);
    const at = { [CLIENT_ADDRESS_HEADER]: "198.51.100.61" };
    await identify(runtime(), bearer(secret, at), "api");
    // a stranger's share of this address is 30 at a stroke
    for (let n = 0; n < 40; n++) {
      const request = bearer(secret, { ...at, cookie: `n=${n}`, authorization: `bearer ${" ".repeat(n)}${secret}` });
      expect((await identify(runtime(), request, "api")).refusal).toBeNull();
    }
  });

  test("never reaches further than its owner does now", async () => {
    const ada = await addPerson(database.db, { role: "operator" });
    const { secret } = await tokenOf(ada);
    const role = async () => (await agentContextOf(runtime(), bearer(secret), "mcp"))?.actor.role;
    expect(await role()).toBe("operator");
    await setUserRole(as(root), { userId: ada.id, role: "viewer" });
    expect(await role()).toBe("viewer");
    await setUserRole(as(root), { userId: ada.id, role: "admin" });
    expect(await role()).toBe("operator");
  });

  test("that expired, was revoked, is not known or whose owner is disabled is nobody's, and says why", async () => {
    const ada = await addPerson(database.db, { role: "operator" });
    const [expired, revoked, orphan] = [await tokenOf(ada), await tokenOf(ada), await tokenOf(ada)];
    const past = new Date("2026-01-02T03:04:05Z");
    await database.db.apiToken.update({ where: { id: expired.token.id }, data: { expiresAt: past } });
    await revokeToken(as(ada), { tokenId: revoked.token.id });
    expect(await refusalOf(bearer(expired.secret))).toMatch(/expired on 2026-01-02/);
    expect(await refusalOf(bearer(revoked.secret))).toMatch(/revoked/);
    expect(await refusalOf(bearer("opk_made_up"))).toMatch(/not known/);
    await setUserDisabled(as(root), { userId: ada.id, disabled: true });
    expect(await refusalOf(bearer(orphan.secret))).toMatch(/disabled/);
    await setUserDisabled(as(root), { userId: ada.id, disabled: false });
    expect((await agentContextOf(runtime(), bearer(orphan.secret), "api"))?.actor.id).toBe(orphan.token.id);
  });

  test("that only ingests is nobody's over tRPC and over MCP", async () => {
    const ada = await addPerson(database.db, { role: "operator" });
    const { secret } = await tokenOf(ada, { role: "ingest" });
    for (const via of ["api", "web", "mcp"] as const)
      expect(await refusalOf(bearer(secret), via)).toMatch(/only sends telemetry/);
  });

  test("an Authorization header never falls back to the cookie beside it", async () => {
    const ada = await addPerson(database.db);
    const cookie = cookiesOf(await signIn(runtime(), ada));
    expect(await refusalOf(bearer("opk_made_up", { cookie }))).toMatch(/not known/);
    const basic = fromConsole("/", undefined, { authorization: "Basic YTpi", cookie });
    expect(await refusalOf(basic)).toMatch(/must be `Bearer/);
  });

  test("its last use is written at most once a minute", async () => {
    const ada = await addPerson(database.db);
    const { token, secret } = await tokenOf(ada);
    const start = Date.now();
    const useAt = async (offsetMs: number) => {
      await identify({ ...runtime(), now: () => new Date(start + offsetMs) }, bearer(secret), "api");
      const row = await database.db.apiToken.findUniqueOrThrow({ where: { id: token.id } });
      return row.lastUsedAt && row.lastUsedAt.getTime() - start;
    };
    expect(await useAt(0)).toBe(0);
    expect(await useAt(59_000)).toBe(0);
    expect(await useAt(60_000)).toBe(60_000);
  });
});

describe("MCP", () => {
  test("takes tokens only: a browser's cookie is nobody there", async () => {
    const ada = await addPerson(database.db);
    const cookie = cookiesOf(await signIn(runtime(), ada));
    const request = () => fromConsole("/api/mcp", undefined, { cookie });
    expect((await agentContextOf(runtime(), request(), "web"))?.actor.id).toBe(ada.id);
    expect(await refusalOf(request(), "mcp")).toMatch(/Bearer opk_/);
  });
});

test("a person's role is the one they have now", async () => {
  const ada = await addPerson(database.db, { role: "operator" });
  const cookie = cookiesOf(await signIn(runtime(), ada));
  const role = async () =>
    (await agentContextOf(runtime(), fromConsole("/", undefined, { cookie }), "web"))?.actor.role;
  expect(await role()).toBe("operator");
  await setUserRole(as(root), { userId: ada.id, role: "viewer" });
  expect(await role()).toBe("viewer");
});

test("nobody is told to sign in", async () => {
  expect(await refusalOf(fromConsole("/"), "web")).toMatch(/Sign in/);
});

test("a client's request id stands beside ours, never in its place, and only when it is plain", async () => {
  const idsFor = async (given: string) =>
    (await identify(runtime(), fromConsole("/", undefined, { "x-request-id": given }), "web")).requestId;
  const cookie = cookiesOf(await signIn(runtime(), await addPerson(database.db)));
  const markedFor = async (given: string) => {
    const request = fromConsole("/", undefined, { cookie, "x-request-id": given, "x-operate-request-id": "forged" });
    return (await identify(runtime(), request, "web")).agent?.clientRequestId;
  };
  for (const given of ["trace-0123456789", "req_01m8krf1c49vxhnnv2", "with space in it", "x".repeat(65)])
    expect(await idsFor(given)).toMatch(/^req_(?!01m8krf1c49vxhnnv2)/);
  expect(await markedFor("trace-0123456789")).toBe("trace-0123456789");
  for (const bad of ["with space in it", "x".repeat(65), 'a"b']) expect(await markedFor(bad)).toBeUndefined();
});
