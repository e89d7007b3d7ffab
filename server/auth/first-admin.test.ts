import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { cookiesOf, fromConsole, TEST_SECRET } from "../testing/people.ts";
import { CLIENT_ADDRESS_HEADER } from "./client-address.ts";
import { agentContextOf } from "./context.ts";
import { handleSetup, handleSetupState } from "./handle-setup.ts";
import type { Environment } from "./settings.ts";
import { insertUser, lockAdministrators } from "./users/store.ts";

const database = useDatabase();
const token = "a-set-up-token-of-43-characters-0123456789ab";
const ada = { token, name: "Ada", email: "Ada@Example.com", password: "a long first password" };
const env = { OPERATE_SETUP_TOKEN: token };

beforeAll(() => {
  process.env.OPERATE_SECRET_KEY = TEST_SECRET;
});
beforeEach(async () => {
  await database.db.user.deleteMany();
  await database.db.attemptCounter.deleteMany();
  await database.db.auditEntry.deleteMany();
});
const runtime = () => testContext(database);
const needed = async () => (await handleSetupState(runtime(), fromConsole("/api/setup"))).json();
const setUp = (body: unknown, headers: Record<string, string> = {}, given: Environment = env) =>
  handleSetup(runtime(), fromConsole("/api/setup", body, headers), given);

test("the link makes one administrator, signed in, audited; then it is dead", async () => {
  expect(await needed()).toEqual({ needed: true });
  const response = await setUp(ada);
  expect(response.status).toBe(201);
  const { user } = await response.json();
  expect(user).toMatchObject({ name: "Ada", email: "ada@example.com", role: "admin", mustChangePassword: false });
  const agent = await agentContextOf(runtime(), fromConsole("/", undefined, { cookie: cookiesOf(response) }), "web");
  expect(agent?.actor).toEqual({ kind: "person", id: user.id, name: "Ada", role: "admin" });
  const audited = await database.db.auditEntry.findMany({ orderBy: { at: "asc" } });
  expect(audited.map((entry) => entry.action)).toEqual(["user.create_first", "session.sign_in"]);
  expect(JSON.stringify(audited)).not.toContain(ada.password);
  const { password } = await database.db.account.findFirstOrThrow();
  expect(password).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);

  expect(await needed()).toEqual({ needed: false });
  const again = await setUp({ ...ada, email: "eve@example.com" });
  expect(again.status).toBe(410);
  expect(await again.json()).toMatchObject({ code: "PRECONDITION", message: expect.stringMatching(/Sign in instead/) });
  expect(await database.db.user.count()).toBe(1);
});

test("of four at once, one makes the administrator and three are told that it is done", async () => {
  const all = await Promise.all([1, 2, 3, 4].map((n) => setUp({ ...ada, email: `ada${n}@example.com` })));
  expect(all.map((response) => response.status).sort()).toEqual([201, 410, 410, 410]);
  expect(await database.db.user.count()).toBe(1);
  expect(await database.db.account.count()).toBe(1);
  expect(await database.db.auditEntry.count({ where: { action: "user.create_first" } })).toBe(1);
});

test("one that comes while another is being made waits, and then finds it done", async () => {
  let answer: Promise<Response> | undefined;
  await database.db.$transaction(async (tx) => {
    await lockAdministrators(tx);
    answer = setUp(ada);
    await expect
      .poll(() => database.db.$queryRaw`select 1 from pg_locks where locktype = 'advisory' and not granted`, {
        timeout: 10_000,
      })
      .toHaveLength(1);
    await insertUser(tx, {
      id: "usr_1",
      name: "Eve",
      email: "eve@example.com",
      role: "admin",
      passwordHash: "",
      mustChangePassword: false,
    });
  });
  expect((await answer)?.status).toBe(410);
  expect(await database.db.user.count()).toBe(1);
});

test("what is wrong with the input is said a line each", async () => {
  const body = await (await setUp({ ...ada, email: "ada", password: "short" })).json();
  expect(body).toEqual({
    code: "INVALID",
    message: "email: an e-mail address, as ada@example.com\npassword: at least 12 characters",
  });
});

describe("refused", () => {
  test.each<[string, object, Environment, number]>([
    ["a wrong token", { ...ada, token: `${token}x` }, env, 403],
    ["an empty token", { ...ada, token: "" }, env, 400],
    ["no token was made", ada, {}, 410],
    ["a token too short to be ours", { ...ada, token: "short" }, { OPERATE_SETUP_TOKEN: "short" }, 410],
    ["a short password", { ...ada, password: "short" }, env, 400],
    ["no e-mail address", { ...ada, email: "ada" }, env, 400],
    ["a name of control characters", { ...ada, name: "a\u0000b" }, env, 400],
    ["not an object", [], env, 400],
  ])("%s", async (_, body, given, status) => {
    const response = await setUp(body, {}, given);
    expect(response.status).toBe(status);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await database.db.user.count()).toBe(0);
  });

  test("from another site", async () => {
    expect((await setUp(ada, { origin: "https://evil.example" })).status).toBe(403);
    expect(await database.db.user.count()).toBe(0);
  });

  test("guessing from one address, after 20 wrong tokens; the right one is taken all the same, from there too", async () => {
    const at = (address: string) => ({ [CLIENT_ADDRESS_HEADER]: address });
    const guess = async (n: number, address: string) =>
      (await setUp({ ...ada, token: `guess ${n}` }, at(address))).status;
    const statuses: number[] = [];
    for (let n = 0; n < 22; n++) statuses.push(await guess(n, "198.51.100.1"));
    expect(statuses).toEqual([...Array(20).fill(403), 429, 429]);
    expect(await guess(23, "198.51.100.2")).toBe(403);
    expect((await setUp(ada, at("198.51.100.1"))).status).toBe(201);
  });
});
