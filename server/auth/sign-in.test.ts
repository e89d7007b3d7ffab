import { beforeAll, describe, expect, test } from "vitest";
import { testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { addPerson, CONSOLE, cookiesOf, fromConsole, signIn, TEST_SECRET } from "../testing/people.ts";
import { getAuth } from "./better-auth.ts";
import { CLIENT_ADDRESS_HEADER } from "./client-address.ts";
import { agentContextOf, identify } from "./context.ts";
import { handleAuth } from "./handle-auth.ts";
import { MOST_COUNTERS } from "./sign-in/attempt-limit.ts";
import { admitAttempt, isAudited, PAIR_LIMIT } from "./sign-in/sign-in-limits.ts";
import { setUserDisabled } from "./users/set-disabled.ts";

const database = useDatabase();
beforeAll(() => {
  process.env.OPERATE_SECRET_KEY = TEST_SECRET;
});
const runtime = () => testContext(database);
const entries = (action: string) => database.db.auditEntry.findMany({ where: { action }, orderBy: { at: "asc" } });

describe("sign-in", () => {
  test("the right password opens a session in the database behind a shut cookie, and is in the audit log", async () => {
    const ada = await addPerson(database.db);
    const response = await signIn(runtime(), ada, { "x-request-id": "req-sign-in-1" });
    expect(response.status).toBe(200);
    const [cookie] = response.headers.getSetCookie();
    expect(cookie).toMatch(/^operate-[0-9a-f]{8}\.session_token=/);
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Lax/);
    expect(cookie).toMatch(/; Path=\//);
    expect(cookie).not.toMatch(/Secure/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await database.db.session.count({ where: { userId: ada.id } })).toBe(1);
    const [entry] = await database.db.auditEntry.findMany({ where: { actorId: ada.id } });
    expect(entry).toMatchObject({ action: "session.sign_in", outcome: "done", via: "web" });
    const own = response.headers.get("x-request-id");
    expect(own).toMatch(/^req_/);
    expect(entry?.requestId).toBe(`${own} (client: req-sign-in-1)`);

    const agent = await agentContextOf(runtime(), fromConsole("/", undefined, { cookie: cookiesOf(response) }), "web");
    expect(agent?.actor).toEqual(ada.actor);
  });

  test("an address pasted with spaces and capitals is the same address", async () => {
    const ada = await addPerson(database.db);
    expect((await signIn(runtime(), { ...ada, email: `  ${ada.email.toUpperCase()} ` })).status).toBe(200);
  });

  test("over https the cookie is Secure", async () => {
    const ada = await addPerson(database.db);
    const own = { ...runtime(), db: database.db.$extends({}) as unknown as typeof database.db };
    const auth = await getAuth(own, { OPERATE_SECRET_KEY: TEST_SECRET, OPERATE_BASE_URL: "https://ops.example.com" });
    const { email, password } = ada;
    const response = await auth.api.signInEmail({ body: { email, password }, asResponse: true });
    expect(response.headers.getSetCookie()[0]).toMatch(/^__Secure-operate-[0-9a-f]{8}\.session_token=.*; Secure/);
  });

  test("a wrong password and an unknown address are refused alike, audited with the address, never the password", async () => {
    const ada = await addPerson(database.db);
    const wrong = await signIn(runtime(), { ...ada, password: "wrong-password-1" });
    const unknown = await signIn(runtime(), { email: "nobody@example.com", password: "wrong-password-2" });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(await wrong.json()).toEqual(await unknown.json());
    expect(wrong.headers.getSetCookie()).toEqual([]);
    const refused = (await entries("session.sign_in")).filter((entry) => entry.outcome === "refused");
    expect(refused.map((entry) => entry.after)).toEqual([{ email: ada.email }, { email: "nobody@example.com" }]);
    expect(refused[0]).toMatchObject({ errorCode: "INVALID_EMAIL_OR_PASSWORD", actorKind: "system" });
    expect(JSON.stringify(await database.db.auditEntry.findMany())).not.toContain("wrong-password");
  });

  test("10,000 made-up accounts leave bounded rows, and do not make the counts of a real one forgotten", async () => {
    const ada = await addPerson(database.db);
    const { db } = database;
    const now = new Date();
    const attempt = (email: string, address: string) => admitAttempt(db, { email, address, device: null }, now);
    for (let n = 0; n < PAIR_LIMIT.max; n++) await attempt(ada.email, "203.0.113.9");
    const before = await db.attemptCounter.count();
    let audited = 0;
    for (let from = 0; from < 10_000; from += 50)
      await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const email = `made-up-${from + i}@example.com`;
          await attempt(email, `198.51.100.${i}`);
          if (await isAudited(db, email, now)) audited++;
        }),
      );
    expect(await db.attemptCounter.count()).toBeLessThanOrEqual(Math.max(before, MOST_COUNTERS) + 300);
    expect(audited).toBeLessThanOrEqual(30);
    expect((await attempt(ada.email, "203.0.113.9")).allowed).toBe(false);
  }, 240_000);

  test("one address has a limit for an account, audited once; another address is not kept out by it", async () => {
    const ada = await addPerson(database.db);
    const attempt = (address: string, password: string) =>
      signIn(runtime(), { ...ada, password }, { [CLIENT_ADDRESS_HEADER]: address });
    const statuses: number[] = [];
    for (let n = 1; n <= PAIR_LIMIT.max + 3; n++)
      statuses.push((await attempt("203.0.113.1", "wrong-password")).status);
    expect(statuses).toEqual([...Array(PAIR_LIMIT.max).fill(401), 429, 429, 429]);
    expect((await attempt("203.0.113.1", ada.password)).status).toBe(429);
    expect((await attempt("203.0.113.2", ada.password)).status).toBe(200);
    const limited = await database.db.auditEntry.count({
      where: { errorCode: "RATE_LIMITED", after: { equals: { email: ada.email } } },
    });
    expect(limited).toBe(1);
    await database.db.attemptCounter.updateMany({ data: { resetsAt: new Date(Date.now() - 1) } });
    expect((await attempt("203.0.113.1", ada.password)).status).toBe(200);
  });

  test("strangers of many networks do not keep a named person waiting; who has tried a few times waits for turns", async () => {
    const ada = await addPerson(database.db);
    const home = cookiesOf(await signIn(runtime(), ada, { [CLIENT_ADDRESS_HEADER]: "203.0.113.7" }));
    const timed = async (password: string, headers: Record<string, string>) => {
      const started = performance.now();
      const { status } = await signIn(runtime(), { ...ada, password }, headers);
      return { status, ms: performance.now() - started };
    };
    const wrong = (n: number) => timed("wrong-password", { [CLIENT_ADDRESS_HEADER]: `198.51.100.${n}` });
    const flood = await Promise.all(Array.from({ length: 40 }, (_, n) => wrong(n)));
    expect(flood.every(({ status }) => status === 401)).toBe(true);
    const again = Promise.all(Array.from({ length: 4 }, () => wrong(1)));
    await again.then((answers) => expect(answers.some(({ ms }) => ms > 1_000)).toBe(true));
    const forged = home.replace(
      /(device_\w+=[^.]+\.\d+\.)(.)/,
      (_, head, first) => `${head}${first === "a" ? "b" : "a"}`,
    );
    expect(forged).not.toBe(home);
    const [known, stranger, forger] = await Promise.all([
      timed(ada.password, { [CLIENT_ADDRESS_HEADER]: "203.0.113.7", cookie: home }),
      timed(ada.password, { [CLIENT_ADDRESS_HEADER]: "203.0.113.8" }),
      timed(ada.password, { [CLIENT_ADDRESS_HEADER]: "198.51.100.1", cookie: forged }),
    ]);
    expect([known.status, stranger.status, forger.status]).toEqual([200, 200, 200]);
    expect(forger.ms).toBeGreaterThan(1_000);
    expect(forger.ms).toBeGreaterThan(stranger.ms);
  }, 60_000);

  test("however many strangers wait, the right password from a new browser waits and gets in", async () => {
    const ada = await addPerson(database.db);
    const now = new Date();
    const from = (address: string) => admitAttempt(database.db, { email: ada.email, address, device: null }, now);
    const flood = Array.from({ length: 60 }, (_, n) => from(`192.168.7.${n}`));
    expect((await from("203.0.113.50")).allowed).toBe(true);
    expect((await Promise.all(flood)).every(({ allowed }) => allowed)).toBe(true);
  }, 60_000);

  test("addresses of one wide IPv6 network share its attempts for an account, and over all accounts", async () => {
    const ada = await addPerson(database.db);
    const from = (n: number, email: string) =>
      signIn(
        runtime(),
        { email, password: "wrong-password" },
        { [CLIENT_ADDRESS_HEADER]: `2001:db8:77:${n.toString(16)}::1` },
      );
    const statuses = await Promise.all(Array.from({ length: 13 }, (_, n) => from(n, `${ada.email}`)));
    expect(statuses.map(({ status }) => status).filter((status) => status === 429)).toHaveLength(3);
    const all: number[] = [];
    for (let n = 0; n < 110; n++) all.push((await from(n, `n${n}@example.com`)).status);
    expect(all.slice(0, 100)).not.toContain(429);
    expect(all.at(-1)).toBe(429);
  }, 60_000);

  test("a sign-in that is abandoned while it waits tries no password and is not counted", async () => {
    const ada = await addPerson(database.db);
    const at = { [CLIENT_ADDRESS_HEADER]: "203.0.113.90" };
    const wrong = (n: number) =>
      signIn(runtime(), { ...ada, password: "wrong" }, { [CLIENT_ADDRESS_HEADER]: `10.9.8.${n}` });
    await Promise.all(Array.from({ length: 25 }, (_, n) => wrong(n)));
    for (let n = 0; n < 3; n++) expect((await signIn(runtime(), { ...ada, password: "wrong" }, at)).status).toBe(401);
    for (let n = 0; n < 20; n++) {
      const leaving = new AbortController();
      const request = fromConsole("/api/auth/sign-in/email", { email: ada.email, password: "wrong" }, at);
      const answer = handleAuth(runtime(), new Request(request, { signal: leaving.signal }));
      leaving.abort();
      await answer.catch(() => null);
    }
    expect((await signIn(runtime(), ada, at)).status).toBe(200);
  }, 60_000);

  test.each(["my actual password", "x".repeat(300), "ada@example.com'; drop table", "a b@example.com"])(
    "what is typed into the e-mail field and is no address is kept nowhere: %s",
    async (email) => {
      const response = await signIn(
        runtime(),
        { email, password: "wrong-password" },
        { [CLIENT_ADDRESS_HEADER]: "100.64.9.1" },
      );
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(JSON.stringify(await database.db.auditEntry.findMany())).not.toContain(email);
    },
  );

  test("attempts at once are all counted", async () => {
    const ada = await addPerson(database.db);
    const from = () => ({ [CLIENT_ADDRESS_HEADER]: "100.64.0.1" });
    const wrong = Array.from({ length: 15 }, () => signIn(runtime(), { ...ada, password: "wrong-password" }, from()));
    const statuses = (await Promise.all(wrong)).map((response) => response.status).sort();
    expect(statuses).toEqual([...Array(10).fill(401), ...Array(5).fill(429)]);
  });

  test("signing in right forgets the wrong attempts before it", async () => {
    const ada = await addPerson(database.db);
    const at = (_: number) => ({ [CLIENT_ADDRESS_HEADER]: "192.0.2.1" });
    for (let n = 0; n < PAIR_LIMIT.max - 1; n++) await signIn(runtime(), { ...ada, password: "wrong-password" }, at(n));
    expect((await signIn(runtime(), ada, at(50))).status).toBe(200);
    for (let n = 0; n < PAIR_LIMIT.max - 1; n++) await signIn(runtime(), { ...ada, password: "wrong-password" }, at(n));
    expect((await signIn(runtime(), ada, at(51))).status).toBe(200);
  });

  test("one address has a limit over all accounts", async () => {
    const at = { [CLIENT_ADDRESS_HEADER]: "198.18.0.1" };
    const statuses: number[] = [];
    for (let n = 0; n < 32; n++)
      statuses.push((await signIn(runtime(), { email: `u${n}@example.com`, password: "wrong-password" }, at)).status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(30);
    expect(statuses.slice(30)).toEqual([429, 429]);
    const refused = await signIn(runtime(), { email: "u@example.com", password: "wrong-password" }, at);
    expect(await refused.json()).toMatchObject({
      code: "RATE_LIMITED",
      message: expect.stringMatching(/this address/),
    });
  });

  test("a stranger behind the same address keeps no known device and nobody signed in out", async () => {
    const ada = await addPerson(database.db);
    const at = { [CLIENT_ADDRESS_HEADER]: "198.18.0.77" };
    const cookie = cookiesOf(await signIn(runtime(), ada, at));
    const statuses: number[] = [];
    for (let n = 0; n < 40; n++)
      statuses.push((await signIn(runtime(), { email: `x${n}@example.com`, password: "wrong-password" }, at)).status);
    expect(statuses.at(-1)).toBe(429);
    const change = (headers: Record<string, string>, newPassword = "") =>
      handleAuth(
        runtime(),
        fromConsole("/api/auth/change-password", { currentPassword: ada.password, newPassword }, { ...at, ...headers }),
      );
    for (let n = 0; n < 12; n++) await change({});
    expect((await change({})).status).toBe(429);
    const session = (headers: Record<string, string>) =>
      handleAuth(runtime(), fromConsole("/api/auth/get-session", undefined, { ...at, ...headers }));
    for (let n = 0; n < 310; n++) await session({});
    expect((await session({})).status).toBe(429);
    expect(await (await session({ cookie })).json()).toMatchObject({ user: { email: ada.email } });

    const device = cookie.split("; ").find((one) => one.includes(".device_")) ?? "";
    expect((await signIn(runtime(), ada, { ...at, cookie: device })).status).toBe(200);
    for (let n = 0; n < 35; n++) expect((await signIn(runtime(), ada, { ...at, cookie: device })).status).toBe(200);
    const own = { "x-operate-own-limit": "1" };
    expect((await signIn(runtime(), ada, { ...at, ...own })).status).toBe(429);
    expect((await signIn(runtime(), { ...ada, email: "another@example.com" }, { ...at, cookie: device })).status).toBe(
      429,
    );
    const wrongs: number[] = [];
    for (let n = 0; n < 11; n++)
      wrongs.push((await signIn(runtime(), { ...ada, password: "wrong-password" }, { ...at, cookie: device })).status);
    expect(wrongs).toEqual([...Array(10).fill(401), 429]);

    const changes: number[] = [];
    for (let n = 0; n < 10; n++) changes.push((await change({ cookie }, "short")).status);
    expect(new Set(changes)).toEqual(new Set([400]));
    expect((await change({ cookie }, "short")).status).toBe(429);
  }, 120_000);

  test("a disabled person cannot sign in, and is told so only with the right password", async () => {
    const [ada, bob] = [await addPerson(database.db), await addPerson(database.db, { name: "Bob", role: "viewer" })];
    await setUserDisabled(testContext(database, { actor: ada.actor }), { userId: bob.id, disabled: true });
    const right = await signIn(runtime(), bob);
    expect(right.status).toBe(403);
    expect(await right.json()).toMatchObject({ code: "ACCOUNT_DISABLED" });
    expect((await signIn(runtime(), { ...bob, password: "wrong-password" })).status).toBe(401);
    expect(await database.db.session.count({ where: { userId: bob.id } })).toBe(0);
  });

  test("disabling ends the sessions at once", async () => {
    const [ada, bob] = [await addPerson(database.db), await addPerson(database.db, { name: "Bob", role: "viewer" })];
    const cookie = cookiesOf(await signIn(runtime(), bob));
    const request = () => fromConsole("/", undefined, { cookie });
    expect((await agentContextOf(runtime(), request(), "web"))?.actor.id).toBe(bob.id);
    await setUserDisabled(testContext(database, { actor: ada.actor }), { userId: bob.id, disabled: true });
    expect(await database.db.session.count({ where: { userId: bob.id } })).toBe(0);
    const { agent, refusal } = await identify(runtime(), request(), "web");
    expect(agent).toBeNull();
    expect(refusal?.code).toBe("UNAUTHENTICATED");
  });
});

describe("sessions", () => {
  test("one that a sign-in opened while the account was being disabled is refused too", async () => {
    const ada = await addPerson(database.db);
    const cookie = cookiesOf(await signIn(runtime(), ada));
    await database.db.user.update({ where: { id: ada.id }, data: { disabledAt: new Date() } });
    const { agent, refusal } = await identify(runtime(), fromConsole("/", undefined, { cookie }), "web");
    expect(agent).toBeNull();
    expect(refusal?.message).toMatch(/disabled/);
  });

  test("sign-out ends the session and is audited", async () => {
    const ada = await addPerson(database.db);
    const cookie = cookiesOf(await signIn(runtime(), ada));
    const response = await handleAuth(runtime(), fromConsole("/api/auth/sign-out", {}, { cookie }));
    expect(response.status).toBe(200);
    expect(response.headers.getSetCookie().join()).toMatch(/operate-[0-9a-f]{8}\.session_token=;.*Max-Age=0/);
    expect(await agentContextOf(runtime(), fromConsole("/", undefined, { cookie }), "web")).toBeNull();
    expect((await entries("session.sign_out")).filter((entry) => entry.actorId === ada.id)).toHaveLength(1);
  });

  test("a forged or foreign cookie is nobody", async () => {
    const cookie = "operate-0123abcd.session_token=abcdefghijklmnopqrstuvwxyz012345.c2lnbmF0dXJl";
    const { agent, refusal } = await identify(runtime(), fromConsole("/", undefined, { cookie }), "web");
    expect(agent).toBeNull();
    expect(refusal?.message).toMatch(/Sign in again/);
  });

  test("a session past its end is nobody's", async () => {
    const ada = await addPerson(database.db);
    const cookie = cookiesOf(await signIn(runtime(), ada));
    await database.db.session.updateMany({
      where: { userId: ada.id },
      data: { expiresAt: new Date(Date.now() - 1_000) },
    });
    expect(await agentContextOf(runtime(), fromConsole("/", undefined, { cookie }), "web")).toBeNull();
    await signIn(runtime(), ada);
    expect(await database.db.session.count({ where: { userId: ada.id } })).toBe(1);
  });

  test("changing the password ends the other sessions, is audited, and needs the current one and 12 characters", async () => {
    const ada = await addPerson(database.db);
    await database.db.user.update({ where: { id: ada.id }, data: { mustChangePassword: true } });
    const [here, there] = [cookiesOf(await signIn(runtime(), ada)), cookiesOf(await signIn(runtime(), ada))];
    const change = (body: object) =>
      handleAuth(
        runtime(),
        fromConsole("/api/auth/change-password", body, { cookie: here, [CLIENT_ADDRESS_HEADER]: "198.18.0.2" }),
      );
    const newPassword = "another long password";
    expect((await change({ currentPassword: "wrong-password", newPassword })).status).toBe(400);
    expect(await (await change({ currentPassword: ada.password, newPassword: "short" })).json()).toMatchObject({
      code: "PASSWORD_TOO_SHORT",
    });
    for (const [next, code] of [
      [ada.password, "PASSWORD_UNCHANGED"],
      ["password1234", "PASSWORD_TRIVIAL"],
      [`${ada.email}!!`, "PASSWORD_TRIVIAL"],
    ] as const)
      expect(await (await change({ currentPassword: ada.password, newPassword: next })).json()).toMatchObject({ code });
    expect((await database.db.user.findUniqueOrThrow({ where: { id: ada.id } })).mustChangePassword).toBe(true);
    const changed = await change({ currentPassword: ada.password, newPassword, revokeOtherSessions: false });
    expect(changed.status).toBe(200);
    expect(await agentContextOf(runtime(), fromConsole("/", undefined, { cookie: there }), "web")).toBeNull();
    const fresh = fromConsole("/", undefined, { cookie: cookiesOf(changed) });
    expect((await agentContextOf(runtime(), fresh, "web"))?.actor.id).toBe(ada.id);
    expect((await signIn(runtime(), ada)).status).toBe(401);
    expect((await signIn(runtime(), { ...ada, password: newPassword })).status).toBe(200);
    const { mustChangePassword } = await database.db.user.findUniqueOrThrow({ where: { id: ada.id } });
    expect(mustChangePassword).toBe(false);
    const audited = (await entries("user.change_password")).filter((entry) => entry.actorId === ada.id);
    expect(audited.map((entry) => entry.outcome)).toEqual(["done"]);
  });
});

describe("what the outside reaches", () => {
  test("a foreign Origin is refused before anything is looked at", async () => {
    const ada = await addPerson(database.db);
    const response = await signIn(runtime(), ada, { origin: "https://evil.example" });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "FORBIDDEN" });
    const cookie = cookiesOf(await signIn(runtime(), ada));
    const signOut = fromConsole("/api/auth/sign-out", {}, { cookie, origin: "https://evil.example" });
    expect((await handleAuth(runtime(), signOut)).status).toBe(403);
    expect(await database.db.session.count({ where: { userId: ada.id } })).toBe(1);
  });

  test.each([
    ["http://127.0.0.1:4310", "127.0.0.1:4310"],
    ["http://[::1]:4310", "[::1]:4310"],
  ])("the console opened as %s signs in and out", async (origin, host) => {
    const ada = await addPerson(database.db);
    const response = await signIn(runtime(), ada, { origin, host });
    expect(response.status).toBe(200);
    const signOut = fromConsole("/api/auth/sign-out", {}, { cookie: cookiesOf(response), origin, host });
    expect((await handleAuth(runtime(), signOut)).status).toBe(200);
  });

  test.each([
    ["POST", "/api/auth/sign-up/email"],
    ["POST", "/api/auth/update-user"],
    ["POST", "/api/auth/delete-user"],
    ["GET", "/api/auth/list-sessions"],
    ["POST", "/api/auth/request-password-reset"],
    ["POST", "/api/auth/sign-in/social"],
    ["GET", "/api/auth/ok"],
    ["POST", "/api/auth/sign-in/email/"],
    ["POST", "/api/auth//sign-up/email"],
    ["GET", "/api/auth/sign-in/email"],
  ])("%s %s is not there", async (method, path) => {
    const body =
      method === "POST"
        ? { email: "eve@example.com", password: "a long password", name: "Eve", role: "admin" }
        : undefined;
    const response = await handleAuth(runtime(), fromConsole(path, body));
    expect(response.status).toBe(404);
    expect(await database.db.user.count({ where: { email: "eve@example.com" } })).toBe(0);
  });

  test("a body that is too large, not JSON or of the wrong shape is refused", async () => {
    const send = (body: string) =>
      handleAuth(
        runtime(),
        new Request(`${CONSOLE}/api/auth/sign-in/email`, {
          method: "POST",
          headers: { origin: CONSOLE, "content-type": "application/json", [CLIENT_ADDRESS_HEADER]: "198.18.0.3" },
          body,
        }),
      );
    expect((await send(JSON.stringify({ email: "x".repeat(20_000) }))).status).toBe(413);
    expect((await send("{")).status).toBe(400);
    expect((await send(JSON.stringify({ email: { $ne: "" }, password: 1 }))).status).toBe(400);
    expect((await send(JSON.stringify({ email: "a\u0000@example.com", password: "x" }))).status).toBe(400);
  });
});
