import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { AgentContext } from "#server/agent/kernel/context.ts";
import { AppError } from "#server/agent/kernel/errors.ts";
import { authorize } from "#server/agent/kernel/permissions.ts";
import type { Role } from "#server/agent/kernel/roles.ts";
import type { AuditEvent } from "#server/agent/ports/audit-log.ts";
import { checkOrigin } from "#server/auth/origin.ts";
import { type McpMeta, procedure, router } from "#server/routers/trpc.ts";
import { connectMcp, MCP_CLIENTS, type McpClientKind, type McpTestClient } from "#server/testing/mcp-clients.ts";
import { mcpEndpoint } from "./endpoint.ts";
import type { CallReport } from "./server.ts";
import { MAX_TOKENS, tokensOf } from "./tokens.ts";

const URL_ = "http://127.0.0.1:3000/api/mcp";

const tool = (name: string, more: Partial<McpMeta> = {}): McpMeta => ({
  name,
  title: name,
  description: `what ${name} does`,
  destructive: false,
  idempotent: true,
  openWorld: false,
  outsideText: false,
  ...more,
});

const shop = router({
  things: router({
    list: procedure
      .meta({ permission: "service.read", mcp: tool("list_things") })
      .input(z.object({ limit: z.number().int().min(1).max(5_000).default(3), cursor: z.string().optional() }))
      .output(
        z.object({ items: z.array(z.object({ at: z.iso.datetime(), name: z.string() })), next: z.string().nullable() }),
      )
      .query(({ input }) => ({
        items: Array.from({ length: input.limit }, (_, i) => ({ at: "2026-01-02T03:04:05.000Z", name: `thing ${i}` })),
        next: null,
      })),
    change: procedure
      .meta({ permission: "deployment.write", mcp: tool("change_thing", { destructive: true, openWorld: true }) })
      .input(
        z
          .object({ action: z.enum(["make", "drop"]), id: z.string().optional(), dryRun: z.boolean().default(false) })
          .superRefine((input, issues) => {
            if (input.action === "drop" && !input.id)
              issues.addIssue({ code: "custom", path: ["id"], message: "drop needs id" });
          }),
      )
      .output(z.object({ by: z.string(), via: z.string() }))
      .mutation(({ ctx }) => {
        authorize(ctx.agent, "deployment.write");
        return { by: ctx.agent.actor.name, via: ctx.agent.via };
      }),
    busy: procedure
      .meta({ permission: "service.read", mcp: tool("busy_thing") })
      .output(z.object({}))
      .query(() => {
        throw new AppError("CONFLICT", "dep_1 runs already.", { details: { deploymentId: "dep_1" } });
      }),
    crash: procedure
      .meta({ permission: "service.read", mcp: tool("crash_thing") })
      .output(z.object({}))
      .query(() => {
        throw new Error("password is hunter2");
      }),
    lie: procedure
      .meta({ permission: "service.read", mcp: tool("lie_thing") })
      .output(z.object({ count: z.number() }))
      .query((): { count: number } => JSON.parse('{"count":"hunter2"}')),
    hang: procedure
      .meta({ permission: "service.read", mcp: tool("hang_thing") })
      .output(z.object({}))
      .query(({ signal }) => {
        hanging += 1;
        return delay(20_000, {}, { signal });
      }),
    watch: procedure
      .meta({ permission: "service.read", mcp: tool("watch_thing", { maxSeconds: 10 }) })
      .output(z.object({ told: z.boolean() }))
      .query(async ({ ctx, signal }) => {
        for (let done = 1; done <= 3; done++) {
          await ctx.progress?.(done, 3, `look ${done}`);
          await delay(60, undefined, { signal });
        }
        return { told: ctx.progress !== undefined };
      }),
    hidden: procedure.meta({ permission: "service.read" }).query(() => 1),
  }),
});

/** calls of hang_thing that are under way or were */
let hanging = 0;
const reports: CallReport[] = [];
/** what was refused, as the audit log is told */
const refusals: AuditEvent[] = [];
const agentFor = (role: Role): AgentContext =>
  ({
    actor: { kind: "token", id: "tok", name: `a ${role}`, role },
    via: "mcp",
    requestId: "req_1",
    now: () => new Date(),
    audit: { record: async (_tx, _ctx, event) => void refusals.push(event) },
  }) as AgentContext;

const ROLE_OF: Record<string, Role> = { "Bearer op": "operator", "Bearer view": "viewer" };
const options = (more: { callTimeoutMs?: number } = {}) => ({
  router: shop,
  checkOrigin,
  identify: async (request: Request) => {
    const role = ROLE_OF[request.headers.get("authorization") ?? ""];
    return { agent: role ? agentFor(role) : null, requestId: "req_1", refusal: null };
  },
  report: (call: CallReport) => void reports.push(call),
  onProtocolError: () => undefined,
  ...more,
});
const serve = mcpEndpoint(options());
const send = (init: RequestInit & { duplex?: "half" }, endpoint = serve) => endpoint(new Request(URL_, init));
const headers = {
  authorization: "Bearer op",
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};
const rpc = (method: string, params: object = {}) => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });

let client: McpTestClient | undefined;
const connect = async (kind: McpClientKind, token: string, endpoint = serve) => {
  client = await connectMcp(kind, { url: URL_, token, fetch: (url, init) => endpoint(new Request(url, init)) });
  return client;
};
afterEach(async () => {
  await client?.close();
  client = undefined;
  reports.length = 0;
});

describe.each(MCP_CLIENTS)("a client (%s)", (kind) => {
  it("learns who it talks to and how to work with it", async () => {
    const mcp = await connect(kind, "op");
    expect(mcp.serverInfo()).toMatchObject({ name: "operate", version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(mcp.instructions()).toContain("get_deployment");
  });

  it("sees the tools with schemas and all four hints, and only procedures that are tools", async () => {
    const { tools } = await (await connect(kind, "op")).listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      "list_things",
      "change_thing",
      "busy_thing",
      "crash_thing",
      "lie_thing",
      "hang_thing",
      "watch_thing",
    ]);
    expect(tools[1]).toMatchObject({
      title: "change_thing",
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
      inputSchema: { type: "object", required: ["action"], additionalProperties: false },
      outputSchema: { type: "object", required: ["by", "via"] },
    });
  });

  it("gets structured content that holds to the output schema, and the same as text", async () => {
    const mcp = await connect(kind, "op");
    await mcp.listTools(); // from here on the client validates structured content
    const answer = await mcp.callTool("list_things", { limit: 2 });
    expect(answer.structuredContent).toMatchObject({ items: [{ name: "thing 0" }, { name: "thing 1" }], next: null });
    expect(JSON.parse(answer.text)).toEqual(answer.structuredContent);
    expect(await mcp.callTool("change_thing", { action: "make" })).toMatchObject({
      structuredContent: { by: "a operator", via: "mcp" },
    });
    expect(reports.map(({ tool: name, outcome }) => `${name} ${outcome}`)).toEqual([
      "list_things done",
      "change_thing done",
    ]);
  });

  it("gets of a large result what comes first, as text and as structured content, with how to ask for the rest", async () => {
    const mcp = await connect(kind, "op");
    await mcp.listTools();
    const { text, structuredContent } = await mcp.callTool("list_things", { limit: 5_000 });
    expect(tokensOf(text)).toBeLessThanOrEqual(MAX_TOKENS);
    expect(tokensOf(text)).toBeGreaterThan(MAX_TOKENS * 0.9);
    expect(JSON.parse(text)).toEqual(structuredContent);
    const { items, more } = structuredContent as { items: { name: string }[]; more: string };
    expect(items.map(({ name }) => name)).toEqual(items.map((_, i) => `thing ${i}`));
    expect(more).toBe(
      `items: the first ${items.length} of 5000. To see the rest: page with a smaller limit and cursor = nextCursor.`,
    );
  });

  it("does not see what its role may not do, and is refused it", async () => {
    const mcp = await connect(kind, "view");
    const { tools } = await mcp.listTools();
    expect(tools.map(({ name }) => name)).not.toContain("change_thing");
    const answer = await mcp.callTool("change_thing", { action: "make" });
    expect(answer.isError).toBe(true);
    expect(JSON.parse(answer.text)).toMatchObject({
      code: "FORBIDDEN",
      details: { needs: "operator" },
      requestId: "req_1",
    });
  });

  it.each([
    ["a wrong value", { limit: 0 }, "limit"],
    ["a wrong type", { limit: "many" }, "limit"],
  ])("is told which argument is bad: %s", async (_, args, path) => {
    const answer = await (await connect(kind, "op")).callTool("list_things", args);
    expect(answer.isError).toBe(true);
    expect(JSON.parse(answer.text)).toMatchObject({ code: "INVALID", issues: [{ path }] });
  });

  it("is told what a conditional requirement misses", async () => {
    const answer = await (await connect(kind, "op")).callTool("change_thing", { action: "drop" });
    expect(JSON.parse(answer.text)).toMatchObject({ issues: [{ path: "id", message: "drop needs id" }] });
  });

  it("cannot misspell an argument unnoticed", async () => {
    const answer = await (await connect(kind, "op")).callTool("change_thing", { action: "make", dry_run: true });
    expect(answer.isError).toBe(true);
    expect(JSON.parse(answer.text)).toMatchObject({
      code: "INVALID",
      message: "change_thing has no argument dry_run. It takes: action, id, dryRun.",
    });
    expect(refusals.at(-1)).toMatchObject({ action: "things.change", errorCode: "INVALID" });
  });

  it("gets the core's refusals with their details", async () => {
    const answer = await (await connect(kind, "op")).callTool("busy_thing");
    expect(JSON.parse(answer.text)).toMatchObject({ code: "CONFLICT", details: { deploymentId: "dep_1" } });
  });

  it.each(["crash_thing", "lie_thing"])("learns nothing about a fault inside but its request id: %s", async (name) => {
    const answer = await (await connect(kind, "op")).callTool(name);
    expect(answer.isError).toBe(true);
    expect(JSON.parse(answer.text)).toMatchObject({ code: "INTERNAL", requestId: "req_1" });
    expect(answer.text).not.toMatch(/hunter2|\.ts:|node_modules/);
    expect(reports).toMatchObject([{ tool: name, outcome: "INTERNAL", fault: expect.any(Error) }]);
  });

  it("is told about an unknown tool, and which there are", async () => {
    const mcp = await connect(kind, "view");
    await expect(mcp.callTool("rm_rf")).rejects.toThrow(/Unknown tool: rm_rf\. Tools: list_things, busy_thing/);
  });

  it("is answered TIMEOUT when a call takes too long", async () => {
    const mcp = await connect(kind, "op", mcpEndpoint(options({ callTimeoutMs: 50 })));
    const answer = await mcp.callTool("hang_thing");
    expect(JSON.parse(answer.text)).toMatchObject({ code: "TIMEOUT", message: "No answer within 0.05 s." });
  });
});

describe.each(MCP_CLIENTS)("a client that waits (%s)", (kind) => {
  it("is told how far it is, in order, before the answer, when it asked for it", async () => {
    const mcp = await connect(kind, "op");
    const told: string[] = [];
    const answer = await mcp.callTool("watch_thing", {}, ({ progress, total, message }) =>
      told.push(`${progress} of ${total}: ${message}`),
    );
    expect(told).toEqual(["1 of 3: look 1", "2 of 3: look 2", "3 of 3: look 3"]);
    expect(answer).toMatchObject({ isError: false, structuredContent: { told: true } });
  });

  it("and is not when it did not", async () => {
    const answer = await (await connect(kind, "op")).callTool("watch_thing");
    expect(answer).toMatchObject({ isError: false, structuredContent: { told: false } });
  });

  it("has the time that the tool says, beyond that of every call", async () => {
    const mcp = await connect(kind, "op", mcpEndpoint(options({ callTimeoutMs: 50 })));
    expect(await mcp.callTool("watch_thing")).toMatchObject({ isError: false });
  });
});

describe("paging of tools", () => {
  const many = router(
    Object.fromEntries(
      Array.from({ length: 120 }, (_, i) => [
        `p${i}`,
        procedure
          .meta({ permission: "service.read", mcp: tool(`tool_${i}`) })
          .output(z.object({}))
          .query(() => ({})),
      ]),
    ),
  );
  const endpoint = mcpEndpoint({ ...options(), router: many });

  it("gives every tool exactly once", async () => {
    const mcp = await connect("official v1", "op", endpoint); // the only one that leaves paging to its caller
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await mcp.listTools(cursor);
      names.push(...page.tools.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(names).toEqual(Array.from({ length: 120 }, (_, i) => `tool_${i}`));
  });

  it("refuses a cursor it did not give", async () => {
    const mcp = await connect("official v1", "op", endpoint);
    await expect(mcp.listTools("nonsense")).rejects.toThrow(/cursor is not known/);
  });
});

describe("what arrives before the protocol", () => {
  it.each([
    ["no token", {}, 'Bearer realm="Operate"'],
    ["an unknown token", { authorization: "Bearer nope" }, 'Bearer realm="Operate", error="invalid_token"'],
  ])("%s: 401 that says where tokens are made", async (_, credentials, challenge) => {
    const { authorization: _own, ...plain } = headers;
    const response = await send({ method: "POST", headers: { ...plain, ...credentials }, body: rpc("tools/list") });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe(challenge);
    expect(await response.json()).toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining("Settings → Tokens"),
    });
  });

  it.each([
    ["a foreign Origin", { origin: "https://evil.example" }],
    ["an opaque Origin", { origin: "null" }],
    ["a rebound Host", { host: "evil.example" }],
  ])("%s: 403, with a good token too", async (_, extra) => {
    const response = await send({ method: "POST", headers: { ...headers, ...extra }, body: rpc("tools/list") });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "FORBIDDEN" });
  });

  it("fails closed when nobody can be looked up", async () => {
    const endpoint = mcpEndpoint({ ...options(), identify: () => Promise.reject(new Error("no database: hunter2")) });
    const response = await send({ method: "POST", headers, body: rpc("tools/list") }, endpoint);
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain("hunter2");
  });

  it.each(["GET", "DELETE"])("%s: 405, there are no sessions", async (method) => {
    const response = await send({ method, headers });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
  });
});

describe("hostile bodies", () => {
  const stream = (chunks: number): ReadableStream<Uint8Array> => {
    let sent = 0;
    return new ReadableStream({
      pull(controller) {
        if (sent++ < chunks) controller.enqueue(new Uint8Array(65_536).fill(0x20));
        else controller.close();
      },
    });
  };
  const cases: [string, RequestInit & { duplex?: "half" }, number][] = [
    ["more than 1 MB", { body: `"${"x".repeat(1_000_001)}"` }, 413],
    ["more than 1 MB in pieces without a length", { body: stream(1_000), duplex: "half" }, 413],
    ["not JSON", { body: "{" }, 400],
    ["nothing", { body: "" }, 400],
    ["another content type", { body: rpc("tools/list"), headers: { ...headers, "content-type": "text/plain" } }, 415],
    ["a batch of 101", { body: JSON.stringify(Array.from({ length: 101 }, () => JSON.parse(rpc("tools/list")))) }, 400],
    ["400,000 nested arrays", { body: "[".repeat(400_000) + "]".repeat(400_000) }, 400],
    ["a method that is not there", { body: rpc("resources/list") }, 200],
    [
      "__proto__ as params",
      { body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"__proto__":{"name":"list_things"}}}' },
      200,
    ],
  ];
  it("holds at most 20 calls, and each counts against the actor's rate", async () => {
    const batch = (length: number) =>
      JSON.stringify(Array.from({ length }, (_, id) => ({ jsonrpc: "2.0", id, method: "ping" })));
    const post = (body: string, authorization = "Bearer op") =>
      send({ method: "POST", headers: { ...headers, authorization }, body });
    const refused = await post(batch(21));
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { jsonrpc: "2.0", error: { code: -32_600, message: expect.stringMatching(/at most 20 .* this one has 21/) } },
    ]);
    expect((await post(` \n${batch(100)}`)).status).toBe(400);
    expect((await post(batch(20))).status).not.toBe(429);
    const answers = await Promise.all(Array.from({ length: 15 }, () => post(batch(20)).then(({ status }) => status)));
    expect(answers).toContain(429);
  }, 30_000);
  it.each(cases)("%s", async (_, init, status) => {
    const response = await send({ method: "POST", headers, ...init });
    expect(response.status).toBe(status);
    const text = await response.text();
    expect(text).toContain('"error"');
    expect(text).not.toMatch(/\.ts:|node_modules/);
  });

  it("an argument named __proto__ changes nothing", async () => {
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_things","arguments":{"__proto__":{"limit":1}}}}`;
    const text = await (await send({ method: "POST", headers, body })).text();
    expect(text).toContain("thing 2"); // the default limit of 3 stands
    expect(({} as { limit?: number }).limit).toBeUndefined();
  });
});

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });

describe("a client that goes away", () => {
  const newest = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const call = { name: "hang_thing", arguments: {} };
  it.each([
    ["2025 revision", headers, rpc("tools/call", call)],
    [
      "newest revision",
      { ...headers, "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "hang_thing" },
      rpc("tools/call", { ...call, _meta: newest }),
    ],
  ])("ends its call (%s)", async (_, sent, body) => {
    const leave = new AbortController();
    const before = hanging;
    const request = new Request(URL_, { method: "POST", headers: sent, body, signal: leave.signal });
    const answer = serve(request).catch(() => undefined);
    // a server that has lost its client stops reading what was to be sent to it
    void answer.then(async (response) => {
      await untilAborted(leave.signal);
      await response?.body?.cancel();
    });
    await expect.poll(() => hanging).toBe(before + 1);
    leave.abort();
    await expect.poll(() => reports, { timeout: 5_000 }).toMatchObject([{ tool: "hang_thing", outcome: "TIMEOUT" }]);
    await answer;
  });
});
