import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { mcpEndpoint } from "../../mcp/endpoint.ts";
import type { Db, Runtime } from "../agent/kernel/context.ts";
import { identify } from "../auth/context.ts";
import { createToken } from "../auth/tokens/create.ts";
import { openDb } from "../db/client.ts";
import { appRouter } from "../routers/index.ts";
import { serveTrpc } from "../routers/serve-trpc.ts";
import { testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { addPerson } from "../testing/people.ts";
import { actorLimits } from "./actor-limits.ts";
import { FairGate } from "./fair-gate.ts";
import { RateGate } from "./rate.ts";

const BASE = "http://localhost:4310";
const database = useDatabase();
let identityDb: Db;
let tokens: Record<"calm" | "rate" | "body" | "streams" | "shared", string>;
const failures: { procedure: string }[] = [];

beforeAll(async () => {
  identityDb = openDb(database.url, 2);
  const make = async (name: string) => {
    const { actor } = await addPerson(database.db, { name, role: "operator" });
    const ctx = testContext(database, { actor });
    return (await createToken(ctx, { name, role: "operator", expiresInDays: 1 })).secret;
  };
  const names = ["calm", "rate", "body", "streams", "shared"] as const;
  tokens = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await make(name)]))) as typeof tokens;
});
afterAll(() => identityDb.$disconnect());

const live: Runtime["live"] = {
  publish: async () => undefined,
  newestId: async () => "0",
  follow: async function* ({ signal }) {
    if (!signal.aborted) await once(signal, "abort");
    yield* [];
  },
};
const runtime = () => ({ ...testContext(database, { live }), identity: { ...testContext(database), db: identityDb } });
const trpc = serveTrpc({
  checkOrigin: () => undefined,
  identify: (request, via) => identify(runtime(), request, via),
  onFailure: (failure) => void failures.push(failure),
});
const mcp = mcpEndpoint({
  router: appRouter,
  checkOrigin: () => undefined,
  identify: (request) => identify(runtime(), request, "mcp"),
  report: () => undefined,
  onProtocolError: () => undefined,
});
const get = (token: string | null, path: string, init: RequestInit = {}): Promise<Response> =>
  trpc(
    new Request(`${BASE}/api/trpc/${path}`, {
      ...init,
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...(init.headers as Record<string, string>) },
    }),
  );
const batch = (token: string, size: number, procedure = "audit.list") =>
  get(
    token,
    `${Array.from({ length: size }, () => procedure).join(",")}?batch=1&input=${encodeURIComponent(
      JSON.stringify(Object.fromEntries(Array.from({ length: size }, (_, i) => [i, { json: {}, limit: 100 }]))),
    )}`,
  );
const post = (token: string, path: string, body: BodyInit, headers: Record<string, string> = {}) =>
  get(token, path, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
    duplex: "half",
  } as RequestInit);

describe("one request", () => {
  it("holds at most 20 calls", async () => {
    expect((await batch(tokens.calm, 20)).status).toBe(200);
    const refused = await batch(tokens.calm, 21);
    expect(refused.status).toBe(400);
    expect(JSON.stringify(await refused.json())).toMatch(/at most 20 calls, and this one has 21/);
  });

  it("is at most 1 MB, counted while it is read, at both doors", async () => {
    const chunk = new Uint8Array(300_000).fill(97);
    const stream = () => {
      let sent = 0;
      return new ReadableStream<Uint8Array>({
        pull: (controller) => (sent++ < 10 ? controller.enqueue(chunk) : controller.close()),
      });
    };
    expect((await post(tokens.body, "settings.checkConfig", stream())).status).toBe(413);
    expect(
      (await post(tokens.body, "settings.checkConfig", JSON.stringify({ text: "a".repeat(1_000_001) }))).status,
    ).toBe(413);
    const request = new Request(`${BASE}/api/mcp`, {
      method: "POST",
      body: stream(),
      headers: { authorization: `Bearer ${tokens.body}`, "content-type": "application/json" },
      duplex: "half",
    } as RequestInit);
    expect((await mcp(request)).status).toBe(413);
  });

  it.each([
    ["broken JSON", () => post(tokens.body, "incidents.manage", "{", {}), 400, /JSON/],
    ["half an escape", () => get(tokens.body, "%ZZ"), 400, /%/],
    ["half an escape in the input", () => get(tokens.body, "incidents.list?input=%ZZ"), 400, /JSON/],
    ["an input that is not JSON", () => get(tokens.body, "incidents.list?input={"), 400, /JSON/],
    [
      "another type",
      () => post(tokens.body, "incidents.manage", "a", { "content-type": "text/csv" }),
      415,
      /content-type/i,
    ],
    ["the wrong method", () => get(tokens.body, "incidents.manage"), 405, /method/i],
    ["a path of 50,000 characters", () => get(tokens.body, "a".repeat(50_000)), 404, /a{20}/],
  ] as const)("is told what is wrong with %s", async (_name, send, status, message) => {
    const response = await send();
    const text = await response.text();
    expect([response.status, text]).toEqual([status, expect.stringMatching(message)]);
    expect(text.length).toBeLessThan(5_000);
    expect(text).not.toMatch(/at .*\.ts:\d|node_modules/);
  });
});

describe("names that strangers make up", () => {
  it("are counted as unknown", async () => {
    failures.length = 0;
    for (let i = 0; i < 30; i++) await get(null, `made.up${i}`);
    expect(new Set(failures.map(({ procedure }) => procedure))).toEqual(new Set(["unknown"]));
    expect(await database.db.auditEntry.count({ where: { reason: { contains: "made.up" } } })).toBe(0);
  });
});

describe("one actor", () => {
  it("is told to wait when it asks too much, and both doors count together", async () => {
    const answers = await Promise.all(Array.from({ length: 45 }, () => batch(tokens.rate, 20, "session.me")));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(JSON.stringify(await refused[0]?.json())).toMatch(/Try again in \d+ s/);
  });

  it("is one at tRPC and at MCP", async () => {
    const gate = Array.from({ length: 40 }, () => batch(tokens.shared, 20, "session.me"));
    await Promise.all(gate);
    const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
    const answers = await Promise.all(
      Array.from({ length: 150 }, () =>
        mcp(
          new Request(`${BASE}/api/mcp`, {
            method: "POST",
            body: JSON.stringify(list),
            headers: {
              authorization: `Bearer ${tokens.shared}`,
              "content-type": "application/json",
              accept: "application/json, text/event-stream",
            },
          }),
        ),
      ),
    );
    expect(answers.some(({ status, headers }) => status === 429 && headers.has("retry-after"))).toBe(true);
  });

  it("has each tool call counted once, and three requests in progress at MCP, of which the others wait unread", async () => {
    const ctx = testContext(database, {
      actor: (await addPerson(database.db, { name: "Mia", role: "operator" })).actor,
    });
    const { secret } = await createToken(ctx, { name: "mcp", role: "operator", expiresInDays: 1 });
    const known = async () => {
      const { status } = await get(secret, "session.me");
      return status;
    };
    await expect.poll(known, { timeout: 20_000, interval: 500 }).toBe(200);
    const counted = vi.spyOn(actorLimits(), "count");
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "list_incidents", arguments: {} } };
    let read = 0;
    const end = Promise.withResolvers<void>();
    const slow = () => {
      let isRead = false;
      return new ReadableStream<Uint8Array>(
        {
          pull: async (controller) => {
            if (isRead) return controller.close();
            isRead = true;
            read++;
            await end.promise;
            controller.enqueue(new TextEncoder().encode(JSON.stringify(call)));
          },
        },
        { highWaterMark: 0 },
      );
    };
    const answers = Array.from({ length: 7 }, () =>
      mcp(
        new Request(`${BASE}/api/mcp`, {
          method: "POST",
          body: slow(),
          headers: {
            authorization: `Bearer ${secret}`,
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
          },
          duplex: "half",
        } as RequestInit),
      ),
    );
    await expect.poll(() => read, { timeout: 10_000 }).toBe(3);
    await get(tokens.calm, "session.me");
    expect(read, "while another's request was answered").toBe(3);
    end.resolve();
    const texts = await Promise.all(answers.map(async (answer) => (await answer).text()));
    expect(texts.every((text) => text.includes("structuredContent"))).toBe(true);
    const ofMcp = counted.mock.calls.filter(([agent]) => agent.via === "mcp");
    counted.mockRestore();
    expect(ofMcp.reduce((sum, [, calls = 1]) => sum + calls, 0)).toBe(7);
  });

  it("gets no more streams by having more tokens", async () => {
    const owned = (id: string, ownerId: string) => ({
      ...testContext(database, { actor: { kind: "token", id, name: id, role: "viewer" } }),
      ownerId,
    });
    const limits = actorLimits();
    const ends = Array.from({ length: 30 }, (_, i) => limits.openStream(owned(`t${i % 3}`, "mia"), undefined));
    expect(() => limits.openStream(owned("t0", "mia"), undefined)).toThrow(/You have 10 live streams open, and/);
    expect(() => limits.openStream(owned("t9", "mia"), undefined)).toThrow(/You have 30 live streams open with all/);
    ends.push(limits.openStream(owned("t8", "another"), undefined));
    for (const end of ends) end();
    await vi.waitFor(() => limits.openStream(owned("t9", "mia"), undefined)());
  });

  it("has at most 10 live streams", async () => {
    // a token that was not seen yet counts as a stranger's, of whom the tests before had many
    await vi.waitFor(async () => expect((await get(tokens.streams, "session.me")).status).toBe(200), {
      timeout: 20_000,
      interval: 500,
    });
    const controllers = Array.from({ length: 11 }, () => new AbortController());
    const open = (signal: AbortSignal) =>
      get(tokens.streams, "live.events", { signal, headers: { accept: "text/event-stream" } });
    const responses = await Promise.all(controllers.map(({ signal }) => open(signal)));
    const refused = responses.filter(({ status }) => status === 429);
    const statuses = responses.map(({ status }) => status).sort();
    expect(statuses, "ten of eleven").toEqual([...Array(10).fill(200), 429]);
    expect([refused.length, refused[0]?.headers.get("retry-after")]).toEqual([1, "5"]);
    expect(await refused[0]?.text()).toMatch(/no more are allowed/);
    const texts = responses.map((response) => (response.status === 200 ? response.body?.getReader() : undefined));
    for (const controller of controllers) controller.abort();
    await Promise.all(texts.map((reader) => reader?.cancel().catch(() => undefined)));
    // a stream that was left gives its place back when the server sees it close
    const opened = async () => {
      const controller = new AbortController();
      const response = await vi.waitFor(
        async () => {
          const answer = await open(controller.signal);
          if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
          return answer;
        },
        { timeout: 20_000, interval: 100 },
      );
      return { controller, response };
    };
    const again = await opened();
    const reader = again.response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain("connected");
    again.controller.abort();
    // one that left before it began leaves no place taken
    const left = AbortSignal.abort();
    for (let i = 0; i < 15; i++) await open(left).catch(() => undefined);
    (await opened()).controller.abort();
  });
});

describe("the gate", () => {
  it("lets waiting actors in by turns, however long one's queue is", async () => {
    const gate = new FairGate({ perActor: 2, perOwner: 2, total: 2, queuePerActor: 100, waitMs: 10_000 });
    const done: string[] = [];
    const work = (actor: string) =>
      gate.run({ actor, owner: actor }, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        done.push(actor);
      });
    await Promise.all([...Array.from({ length: 50 }, () => work("storm")), work("calm"), work("calm")]);
    expect(done.lastIndexOf("calm")).toBeLessThan(8);
    expect(done).toHaveLength(52);
  });

  it("lets who presses, or had more of late, give way to who is there, and to nobody when alone", async () => {
    let nowMs = 0;
    const limits = { perActor: 3, perOwner: 6, total: 16, queuePerActor: 100, waitMs: 10_000 };
    const gate = new FairGate(limits, { nowMs: () => nowMs });
    const open: { owner: string; end: () => void }[] = [];
    const begin = (owner: string) =>
      gate.run({ actor: owner, owner }, () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        open.push({ owner, end: resolve });
        return promise;
      });
    const atWork = (owner: string) => open.filter((one) => one.owner === owner).length;
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    const endOf = async (owner: string) => {
      const index = open.findIndex((one) => one.owner === owner);
      open.splice(index, 1)[0]?.end();
      await settle();
    };
    const storm = Array.from({ length: 40 }, () => begin("storm").catch(() => undefined));
    await settle();
    await endOf("storm");
    expect(atWork("storm"), "alone").toBe(3);
    const calm = begin("calm");
    await settle();
    for (let i = 0; i < 3; i++) await endOf("storm");
    expect(atWork("storm"), "beside another, after a call that took no time").toBeLessThanOrEqual(1);
    for (let i = 0; i < 3; i++) void begin("calm");
    await settle();
    expect(atWork("calm"), "who does not press gives way to nobody").toBe(3);
    nowMs += 6_000;
    await endOf("calm");
    await calm;
    while (atWork("calm") > 0) await endOf("calm");
    nowMs += 6_000; // all but the storm have gone
    await vi.waitFor(async () => {
      if (atWork("storm") > 0) await endOf("storm");
      expect(atWork("storm")).toBe(3);
    });
    while (atWork("storm") > 0) await endOf("storm");
    await Promise.all(storm);
  });

  it("refuses a queue that is full and a wait that is too long", async () => {
    const gate = new FairGate({ perActor: 1, perOwner: 1, total: 1, queuePerActor: 1, waitMs: 20 });
    const held = Promise.withResolvers<void>();
    const who = { actor: "a", owner: "a" };
    const first = gate.run(who, () => held.promise);
    const second = gate.run(who, async () => undefined);
    await expect(gate.run(who, async () => undefined)).rejects.toMatchObject({ code: "RATE_LIMITED" });
    await expect(second).rejects.toMatchObject({ details: { retryAfterSeconds: 2 } });
    held.resolve();
    await first;
    await gate.run(who, async () => undefined);
  });

  it("refills with time, and forgets strangers", () => {
    let nowMs = 0;
    const rate = new RateGate({ perSecond: 10, burst: 5 }, () => nowMs);
    for (let i = 0; i < 5; i++) rate.take("a");
    expect(() => rate.take("a")).toThrow("Try again in 1 s");
    nowMs = 100;
    rate.take("a");
    for (let i = 0; i < 30_000; i++) rate.take(`stranger ${i}`);
  });
});
