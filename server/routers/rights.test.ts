import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { deployApplication } from "../agent/deploy/index.ts";
import type { AgentContext, Channel } from "../agent/kernel/context.ts";
import { identify } from "../auth/context.ts";
import { createToken } from "../auth/tokens/create.ts";
import { revokeToken } from "../auth/tokens/revoke.ts";
import { setUserDisabled } from "../auth/users/set-disabled.ts";
import { setUserRole } from "../auth/users/set-role.ts";
import { testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { addPerson, cookiesOf, fromConsole, type Person, signIn, TEST_SECRET } from "../testing/people.ts";
import { serve } from "../testing/serve.ts";
import { appRouter } from "./index.ts";
import { liveRouter } from "./live.ts";
import { serveTrpc } from "./serve-trpc.ts";
import { createCallerFactory, procedure, router } from "./trpc.ts";

const database = useDatabase();
beforeAll(() => {
  process.env.OPERATE_SECRET_KEY = TEST_SECRET;
});

/** Waits as a following call does: for good, or until nobody waits any more. */
const slow = router({
  follow: procedure.meta({ permission: "deployment.read" }).query(
    ({ ctx }) =>
      new Promise<string>((resolve) => {
        ctx.rightsEnded.addEventListener("abort", () =>
          setTimeout(resolve, 60_000, "an answer nobody may have").unref(),
        );
      }),
  ),
});

interface Caller {
  admin: AgentContext;
  person: Person;
  agent: AgentContext;
}

async function callerOf(via: Channel): Promise<Caller & { tokenId: string; secret: string }> {
  const [ada, bo] = [await addPerson(database.db), await addPerson(database.db, { name: "Bo", role: "operator" })];
  const runtime = testContext(database, {
    live: {
      publish: async () => {},
      newestId: async () => "0",
      follow: async function* ({ signal }) {
        yield { id: "1", topic: "deployment", subjectId: null } as never;
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      },
    },
  });
  const admin = { ...runtime, actor: ada.actor };
  const { token, secret } = await createToken(
    { ...runtime, actor: bo.actor },
    { name: "t", role: "operator", expiresInDays: 1 },
  );
  const headers: Record<string, string> =
    via === "web" ? { cookie: cookiesOf(await signIn(runtime, bo)) } : { authorization: `Bearer ${secret}` };
  const { agent } = await identify(runtime, fromConsole("/", undefined, headers), via);
  if (!agent) throw new Error("not identified");
  return { admin, person: bo, agent, tokenId: token.id, secret };
}

const endings: [string, Channel, (caller: Caller & { tokenId: string }) => Promise<unknown>, string][] = [
  ["a revoked token", "mcp", ({ admin, tokenId }) => revokeToken(admin, { tokenId }), "UNAUTHORIZED"],
  [
    "a disabled person",
    "web",
    ({ admin, person }) => setUserDisabled(admin, { userId: person.id, disabled: true }),
    "UNAUTHORIZED",
  ],
  [
    "a disabled person's token",
    "api",
    ({ admin, person }) => setUserDisabled(admin, { userId: person.id, disabled: true }),
    "UNAUTHORIZED",
  ],
  [
    "a lowered role",
    "web",
    ({ admin, person }) => setUserRole(admin, { userId: person.id, role: "viewer" }),
    "FORBIDDEN",
  ],
  [
    "a token of a lowered role",
    "mcp",
    ({ admin, person }) => setUserRole(admin, { userId: person.id, role: "viewer" }),
    "FORBIDDEN",
  ],
  [
    "an ended session",
    "web",
    ({ person }) => database.db.session.deleteMany({ where: { userId: person.id } }),
    "UNAUTHORIZED",
  ],
];

describe("rights that end", () => {
  test.concurrent.each(endings)(
    "%s (%s): the open stream and the following call end within 30 s",
    async (_, via, end, code) => {
      const caller = await callerOf(via);
      const { agent } = caller;
      const stream = await createCallerFactory(liveRouter)({ agent, requestId: "req_live" }).events();
      const events = stream[Symbol.asyncIterator]();
      expect((await events.next()).done).toBe(false);
      const told: string[] = [];
      const progress = async (_done: number, _total: number, message: string) => void told.push(message);
      const following = createCallerFactory(slow)({ agent, requestId: "req_follow", progress }).follow();
      const outcomes = Promise.allSettled([events.next(), following]);
      await end(caller);
      const started = performance.now();
      const [live, followed] = await outcomes;
      expect(live).toMatchObject({ status: "rejected", reason: { code } });
      expect(followed).toMatchObject({ status: "rejected", reason: { code } });
      expect(performance.now() - started).toBeLessThan(30_000);
    },
    60_000,
  );

  test("rights that last end nothing", async () => {
    const { agent } = await callerOf("web");
    const short = router({
      ask: procedure.query(() => new Promise((resolve) => setTimeout(resolve, 7_000, "answer"))),
    });
    expect(await createCallerFactory(short)({ agent, requestId: "req_ask" }).ask()).toBe("answer");
  }, 60_000);
});

describe("over HTTP", () => {
  /** The handler of /api/trpc on a socket, for a caller who is looked up as in production. */
  async function serveFor({ agent }: Caller, secret: string) {
    const served = await serve(
      serveTrpc({
        checkOrigin: () => undefined,
        identify: (request, via) => identify(agent, request, via),
        onFailure: () => undefined,
      }),
    );
    const ask = (path: string, more: RequestInit = {}) =>
      fetch(`${served.url}/api/trpc/${path}`, { headers: { authorization: `Bearer ${secret}` }, ...more });
    return { ...served, ask };
  }

  test.concurrent.each(endings.filter(([, via]) => via !== "web"))(
    "%s: the socket of the open event stream ends within 30 s",
    async (_, _via, end) => {
      const caller = await callerOf("api");
      const { ask, close } = await serveFor(caller, caller.secret);
      const answer = await ask("live.events");
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, expect.stringMatching(/event-stream/)]);
      const started = performance.now();
      let text = "";
      let ended = false;
      for await (const chunk of answer.body ?? []) {
        text += Buffer.from(chunk).toString("utf8");
        if (ended || !text.includes("deployment")) continue;
        ended = true;
        await end(caller);
      }
      expect(ended).toBe(true);
      expect(performance.now() - started).toBeLessThan(30_000);
      expect((await ask("session.me")).status).toBe(text.includes("FORBIDDEN") ? 200 : 401);
      await close();
    },
    60_000,
  );

  test("a deployment that is followed is not asked for any more once its follower's rights have ended", async () => {
    const caller = await callerOf("api");
    const { deployment } = await deployApplication(caller.admin, {
      ...{ service: "checkout", environment: "staging", version: "1.1.0", strategy: "rolling", reason: "a test" },
    });
    let looks = 0;
    const counted = database.db.$extends({
      query: {
        deployment: {
          $allOperations: ({ args, query }) => {
            looks++;
            return query(args);
          },
        },
      },
    }) as unknown as typeof database.db;
    const { ask, close } = await serveFor({ ...caller, agent: { ...caller.agent, db: counted } }, caller.secret);
    const input = encodeURIComponent(JSON.stringify({ deploymentId: deployment?.id, followSeconds: 50 }));
    const asked = ask(`deploy.get?input=${input}`);
    await vi.waitFor(() => expect(looks).toBeGreaterThan(2), { timeout: 30_000 });
    await revokeToken(caller.admin, { tokenId: caller.tokenId });
    expect((await asked).status).toBe(401);
    const after = looks;
    await delay(3 * 500); // it looks every half second while it follows
    expect(looks - after).toBeLessThanOrEqual(1);
    await close();
  }, 60_000);
});

test("with a password that someone else set nothing is answered but who one is", async () => {
  const bo = await addPerson(database.db, { name: "Bo" });
  const runtime = testContext(database);
  const cookie = cookiesOf(await signIn(runtime, bo));
  await database.db.user.update({ where: { id: bo.id }, data: { mustChangePassword: true } });
  const { agent } = await identify(runtime, fromConsole("/", undefined, { cookie }), "web");
  const caller = createCallerFactory(appRouter)({ agent, requestId: "req_first" });
  expect((await caller.session.me()).mustChangePassword).toBe(true);
  const { procedures } = (appRouter as unknown as { _def: { procedures: Record<string, unknown> } })._def;
  expect(Object.keys(procedures).length).toBeGreaterThan(20);
  for (const path of Object.keys(procedures)) {
    if (path === "session.me") continue;
    const call = path.split(".").reduce<unknown>((at, key) => Reflect.get(at as object, key), caller);
    await expect((call as (input: unknown) => Promise<unknown>)({}), path).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
      message: expect.stringMatching(/Change it first/),
    });
  }
});
