import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { patchDeployment, recordEvent } from "#server/agent/deploy/record/store.ts";
import { upsertAnalysis } from "#server/agent/deploy/record/store-analyses.ts";
import { patchStep } from "#server/agent/deploy/record/store-steps.ts";
import type { Waiting } from "#server/agent/deploy/schema.ts";
import type { Role } from "#server/agent/kernel/roles.ts";
import { identify } from "#server/auth/context.ts";
import { checkOrigin } from "#server/auth/origin.ts";
import { createToken } from "#server/auth/tokens/create.ts";
import { appRouter } from "#server/routers/index.ts";
import { type TestContext, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import {
  connectMcp,
  contentOf,
  MCP_CLIENTS,
  type McpClientKind,
  type McpTestClient,
} from "#server/testing/mcp-clients.ts";
import { addPerson, type Person } from "#server/testing/people.ts";
import { mcpEndpoint } from "./endpoint.ts";
import { MAX_TOKENS, tokensOf } from "./tokens.ts";

const ENDPOINT = "http://127.0.0.1:4310/api/mcp";
const database = useDatabase();
let context: TestContext;
let serve: (request: Request) => Promise<Response>;
let owner: Person;

const tokenFor = async (role: Role, person = owner) => {
  const input = { name: `${role} bot`, role, expiresInDays: 1 };
  const { token, secret } = await createToken({ ...context, actor: person.actor }, input);
  return { id: token.id, secret };
};

beforeAll(async () => {
  context = testContext(database);
  owner = await addPerson(database.db);
  serve = mcpEndpoint({
    router: appRouter,
    checkOrigin,
    identify: (request) => identify(context, request, "mcp"),
    report: () => undefined,
    onProtocolError: () => undefined,
  });
});

let client: McpTestClient | undefined;
afterEach(async () => {
  await client?.close();
  client = undefined;
});
const connect = async (token: string, kind: McpClientKind = "official v2, newest revision") => {
  client = await connectMcp(kind, { url: ENDPOINT, token, fetch: (url, init) => serve(new Request(url, init)) });
  return client;
};

const READS = [
  "analyze_logs",
  "compare_versions",
  "get_deployment",
  "get_health_history",
  "get_incident",
  "get_service",
  "get_service_map",
  "get_trace",
  "list_deployments",
  "list_incidents",
  "list_metrics",
  "list_services",
  "list_traces",
  "monitor_health",
  "query_metrics",
  "search_logs",
];

describe("the tools", () => {
  it.each([
    ["viewer", READS],
    ["responder", [...READS, "manage_incident"]],
    ["operator", ["decide_deployment", "deploy_application", ...READS, "manage_incident"]],
  ] as const)("a %s's token sees what it may use", async (role, names) => {
    const { tools } = await (await connect((await tokenFor(role)).secret)).listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  it("say when to use them, what they do to the world, and cost a model little to read", async () => {
    const { tools } = await (await connect((await tokenFor("admin")).secret)).listTools();
    for (const tool of tools) {
      const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = tool.annotations ?? {};
      for (const hint of [readOnlyHint, destructiveHint, idempotentHint, openWorldHint])
        expect(hint).toBeTypeOf("boolean");
      expect(readOnlyHint, tool.name).toBe(READS.includes(tool.name));
      expect(tool.description?.length, tool.name).toBeGreaterThan(80);
    }
    expect(tools.find(({ name }) => name === "deploy_application")?.annotations).toMatchObject({ openWorldHint: true });
    const forModel = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    expect(JSON.stringify(forModel).length).toBeLessThan(24_000);
    expect(JSON.stringify(tools).length).toBeLessThan(100_000);
  });
});

describe.each(MCP_CLIENTS)("an agent (%s)", (kind) => {
  const agent = async (role: Role) => {
    const mcp = await connect((await tokenFor(role)).secret, kind);
    await mcp.listTools(); // from here on structured content is validated
    return mcp;
  };

  it("opens, notes and resolves an incident under its own name", async () => {
    const mcp = await agent("responder");
    const created = await mcp.callTool("manage_incident", { action: "create", title: "Payments are slow" });
    const { id } = contentOf<{ incident: { id: string } }>(created).incident;
    await mcp.callTool("manage_incident", { action: "update", incidentId: id, updateNotes: "p95 is 3 s" });
    await mcp.callTool("manage_incident", { action: "resolve", incidentId: id, resolution: "rolled back" });

    const { structuredContent } = await mcp.callTool("get_incident", { incidentId: id });
    expect(structuredContent).toMatchObject({ incident: { status: "resolved", resolution: "rolled back" } });
    const { timeline } = structuredContent as { timeline: { actor: { kind: string }; message: string }[] };
    expect(timeline.every(({ actor }) => actor.kind === "agent")).toBe(true);
    expect(timeline.map(({ message }) => message).join("\n")).toContain("p95 is 3 s");

    const audited = await database.db.auditEntry.findMany({ where: { targetId: id } });
    expect(audited).toHaveLength(3);
    for (const entry of audited)
      expect(entry).toMatchObject({
        outcome: "done",
        via: "mcp",
        actorKind: "agent",
        actorName: "responder bot (token of Ada)",
      });
  });

  it("is told what an action needs", async () => {
    const mcp = await agent("responder");
    const answer = await mcp.callTool("manage_incident", { action: "resolve" });
    expect(JSON.parse(answer.text)).toMatchObject({
      code: "INVALID",
      issues: [{ path: "incidentId" }, { path: "resolution", message: "resolve needs resolution" }],
    });
  });

  it("reads every read-only tool within its output schema", async () => {
    const mcp = await agent("viewer");
    for (const name of ["list_services", "monitor_health", "list_deployments", "list_incidents"])
      expect(await mcp.callTool(name), name).toMatchObject({ isError: false, structuredContent: expect.any(Object) });
    const where = { service: "checkout", environment: "staging" };
    expect(await mcp.callTool("get_service", where)).toMatchObject({ isError: false });
  });

  it("is refused a write it cannot see, and the refusal is in the audit log", async () => {
    const token = await tokenFor("viewer");
    const mcp = await connect(token.secret, kind);
    const args = { service: "checkout", environment: "staging", version: "1.1.0" };
    const answer = await mcp.callTool("deploy_application", args);
    expect(answer.isError).toBe(true);
    const { code, requestId } = JSON.parse(answer.text) as { code: string; requestId: string };
    expect(code).toBe("FORBIDDEN");
    expect(await database.db.auditEntry.findMany({ where: { actorId: token.id } })).toMatchObject([
      { outcome: "refused", errorCode: "FORBIDDEN", via: "mcp", requestId },
    ]);
    expect(await database.db.deployment.count({ where: { actorId: token.id } })).toBe(0);
  });
});

describe.each(MCP_CLIENTS)("an operator's agent deploys (%s)", (kind) => {
  const where = { service: "payments", environment: "staging" };
  beforeEach(async () => {
    await database.db.deployment.deleteMany();
    context.started.length = 0;
  });
  const agent = async (role: Role = "operator") => {
    const mcp = await connect((await tokenFor(role)).secret, kind);
    await mcp.listTools();
    return mcp;
  };
  const start = async (mcp: McpTestClient, args: object = {}) => {
    const started = await mcp.callTool("deploy_application", { ...where, version: "1.1.0", ...args });
    return contentOf<{ deployment: { id: string } }>(started).deployment.id;
  };
  const patch = (id: string, change: Parameters<typeof patchDeployment>[2]) =>
    database.db.$transaction((tx) => patchDeployment(tx, id, change));
  const question = (): Waiting => {
    const at = new Date().toISOString();
    const options: Waiting["options"] = ["promote", "retry", "rollback", "abort"];
    return { id: "w", kind: "failed", reason: "p95 is worse", since: at, expiresAt: at, options, stepIndex: 1 };
  };

  it("rehearses with a dry run, starts, follows, and cannot start a second", async () => {
    const mcp = await agent();
    const dry = await mcp.callTool("deploy_application", {
      ...where,
      version: "1.1.0",
      strategy: "canary",
      dryRun: true,
    });
    expect(dry.structuredContent).toMatchObject({
      ...{ dryRun: true, deployment: null },
      plan: { strategy: "canary", affects: ["checkout"], steps: expect.any(Array), warnings: expect.any(Array) },
    });
    expect(context.started).toEqual([]);

    const id = await start(mcp);
    expect(context.started).toEqual([`deployment:${id}`]);
    const followed = await mcp.callTool("get_deployment", { deploymentId: id });
    expect(followed.structuredContent).toMatchObject({ deployment: { id, status: "queued", version: "1.1.0" } });

    const second = await mcp.callTool("deploy_application", { ...where, version: "1.2.0" });
    expect(second.isError).toBe(true);
    expect(JSON.parse(second.text)).toMatchObject({ code: "CONFLICT", message: expect.stringContaining(id) });
  });

  it("follows with news on the way, and is answered at the next change", async () => {
    const mcp = await agent();
    const id = await start(mcp, { strategy: "canary" });
    await patch(id, { status: "running", startedAt: new Date(), summary: "Bringing up 1.1.0" });
    await patchStep(database.db, id, 0, { status: "running", startedAt: new Date() });
    const told: { progress: number; total?: number | undefined; message?: string | undefined }[] = [];
    const answer = await mcp.callTool("get_deployment", { deploymentId: id, followSeconds: 20 }, (one) => {
      told.push(one);
      if (told.length === 2) void patch(id, { status: "paused", waiting: question() });
    });
    expect(answer.structuredContent).toMatchObject({ deployment: { status: "paused", waiting: { id: "w" } } });
    expect(told.length).toBeGreaterThanOrEqual(2);
    expect(told[0]).toMatchObject({ total: expect.any(Number), message: "Bringing up 1.1.0" });
    expect(told[1]!.progress).toBeGreaterThan(told[0]!.progress);
  });

  it("decides under its own name; a second agent is told who was first", async () => {
    const mcp = await agent();
    const id = await start(mcp, { strategy: "canary" });
    await patch(id, { status: "paused", waiting: question() });
    const wrong = await mcp.callTool("decide_deployment", { deploymentId: id, decision: "resume" });
    expect(JSON.parse(wrong.text)).toMatchObject({
      code: "PRECONDITION",
      details: { allowed: ["promote", "retry", "rollback", "abort"] },
    });
    const decided = await mcp.callTool("decide_deployment", { deploymentId: id, decision: "retry", reason: "a blip" });
    expect(decided.structuredContent).toMatchObject({ deployment: { id }, started: null });
    await mcp.close();
    const other = await agent("admin");
    const late = await other.callTool("decide_deployment", { deploymentId: id, decision: "promote" });
    expect(JSON.parse(late.text)).toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("operator bot (token of Ada) has already decided to retry the step"),
    });
    const { structuredContent } = await other.callTool("get_deployment", { deploymentId: id });
    expect(structuredContent).toMatchObject({
      decisions: [
        { decision: "retry", reason: "a blip", via: "mcp", by: { kind: "agent", name: "operator bot (token of Ada)" } },
      ],
    });
  });

  it("compares two versions within the output schema", async () => {
    const mcp = await agent("viewer");
    const answer = await mcp.callTool("compare_versions", { ...where, baseline: "1.0.0", candidate: "1.1.0" });
    expect(answer).toMatchObject({ isError: false, structuredContent: { service: "payments" } });
  });

  it("learns which versions there are from a wrong one", async () => {
    const mcp = await agent();
    const answer = await mcp.callTool("deploy_application", {
      service: "checkout",
      environment: "production",
      version: "9.9.9",
    });
    expect(answer.isError).toBe(true);
    expect(answer.text).toContain("1.2.0");
  });

  it("reads a long deployment in less than 8,000 tokens", async () => {
    const mcp = await agent();
    const id = await start(mcp, { strategy: "canary" });
    const sentence =
      "p95 412 ms against 231 ms: +181 ms (+78 %), sure; error ratio 0.1 % against 0.1 %, no difference that counts".repeat(
        2,
      );
    const at = new Date();
    for (let i = 0; i < 200; i++) {
      const event = {
        key: `e${i}`,
        level: "info",
        kind: "step",
        message: `ins_${i} (1.1.0) is ready after 2.1 s: ${sentence}`.slice(0, 160),
      } as const;
      await database.db.$transaction((tx) => recordEvent(tx, id, event, {}, at));
    }
    const judged = {
      stepIndex: 1,
      attempt: 1,
      kind: "step",
      verdict: "fail",
      score: 60,
      sentence,
      from: at,
      to: at,
      result: null,
    } as const;
    for (let i = 0; i < 20; i++) await upsertAnalysis(database.db, id, { ...judged, key: `a${i}` }, at);
    const { instances } = context.platform.services.get("payments/staging")!;
    while (instances.length < 20)
      instances.push({ ...instances[0]!, id: `ins_${instances.length}`, key: `k${instances.length}` });
    const answer = await mcp.callTool("get_deployment", { deploymentId: id });
    instances.length = 1;
    expect(tokensOf(answer.text)).toBeLessThanOrEqual(MAX_TOKENS);
    expect(JSON.parse(answer.text)).toEqual(answer.structuredContent);
    expect(answer.text.split(sentence)).toHaveLength(2);
    expect(answer.structuredContent?.events).toHaveLength(30);
  });
});

describe("a token that no longer counts", () => {
  const post = (headers: Record<string, string>) =>
    serve(
      new Request(ENDPOINT, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} }),
      }),
    );
  const statusOf = async (secret: string) => (await post({ authorization: `Bearer ${secret}` })).status;

  it.each([
    ["has expired", { expiresAt: new Date(Date.now() - 1_000) }],
    ["was revoked", { revokedAt: new Date() }],
  ])("because it %s", async (_, change) => {
    const { id, secret } = await tokenFor("operator");
    expect(await statusOf(secret)).toBe(200);
    await database.db.apiToken.update({ where: { id }, data: change });
    const response = await post({ authorization: `Bearer ${secret}` });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("invalid_token");
  });

  it("because its owner was disabled", async () => {
    const person = await addPerson(database.db, { name: "Grace" });
    const { secret } = await tokenFor("viewer", person);
    await database.db.user.update({ where: { id: person.id }, data: { disabledAt: new Date() } });
    expect(await statusOf(secret)).toBe(401);
  });

  it("a demoted owner's token loses its writes with the next request", async () => {
    const person = await addPerson(database.db, { name: "Linus" });
    const { secret } = await tokenFor("operator", person);
    const mcp = await connect(secret);
    await database.db.user.update({ where: { id: person.id }, data: { role: "viewer" } });
    const answer = await mcp.callTool("manage_incident", { action: "create", title: "x" });
    expect(JSON.parse(answer.text)).toMatchObject({ code: "FORBIDDEN" });
  });

  it("a session cookie is no token", async () => {
    expect((await post({ cookie: "operate.session_token=whatever", origin: "http://127.0.0.1:4310" })).status).toBe(
      401,
    );
  });
});
