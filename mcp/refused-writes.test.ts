import { describe, expect, it, test } from "vitest";
import { AppError } from "#server/agent/kernel/errors.ts";
import { recordCountedRefusals } from "#server/audit/record.ts";
import { identify } from "#server/auth/context.ts";
import { createToken } from "#server/auth/tokens/create.ts";
import { appRouter } from "#server/routers/index.ts";
import { testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { addPerson } from "#server/testing/people.ts";
import { refusedWritesIn } from "./called-writes.ts";
import { mcpEndpoint } from "./endpoint.ts";
import { toolsOf } from "./registry.ts";

const database = useDatabase();
const mcp = mcpEndpoint({
  router: appRouter,
  checkOrigin: ({ headers }) => {
    if (headers.get("origin")) throw new AppError("FORBIDDEN", "Another site sent this.");
  },
  identify: (request) => identify(testContext(database), request, "mcp"),
  report: () => undefined,
  onProtocolError: () => undefined,
});

const call = (args: object = {}, more: object = {}) => ({
  ...{ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "manage_incident", arguments: args } },
  ...more,
});
const HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };

async function agent(role: "viewer" | "operator" = "operator") {
  const { actor } = await addPerson(database.db);
  const ctx = testContext(database, { actor });
  const { secret, token } = await createToken(ctx, { name: "agent", role, expiresInDays: 1 });
  const send = async (body: unknown, headers: Record<string, string> = {}, method = "POST") => {
    const init = { method, headers: { ...HEADERS, authorization: `Bearer ${secret}`, ...headers } };
    const response = await mcp(
      new Request("http://localhost:4310/api/mcp", method === "GET" ? init : { ...init, body: JSON.stringify(body) }),
    );
    await response.text();
    return response.status;
  };
  const entries = async () => {
    const found = await database.db.auditEntry.findMany({ where: { actorId: token.id } });
    return found.map(({ action, outcome, errorCode }) => `${action} ${outcome} ${errorCode ?? ""}`.trim());
  };
  return { send, entries, tokenId: token.id };
}

describe("a tool call that writes is on record whatever refused it", () => {
  const MANAGE = "incidents.manage refused INVALID";
  const many = Array.from({ length: 21 }, (_, id) => call({}, { id }));
  const large = call({ note: "a".repeat(1_100_000) });
  it.each<[string, unknown, Record<string, string>, number, string, string?]>([
    ["its arguments", call({ bogus: 1 }), {}, 200, MANAGE],
    ["21 calls", many, {}, 400, MANAGE],
    ["size: what it calls is not read", large, {}, 413, "mcp.request refused INVALID"],
    ["another site", call(), { origin: "https://evil.example" }, 403, "incidents.manage refused FORBIDDEN"],
    ["another site and size", large, { origin: "http://a.b" }, 403, "mcp.request refused FORBIDDEN"],
    ["its type", call(), { "content-type": "text/plain" }, 415, MANAGE],
    ["what it accepts", call(), { accept: "text/html" }, 406, MANAGE],
    ["a version nobody knows", call(), { "mcp-protocol-version": "1999-01-01" }, 400, MANAGE],
    ["arguments that are no object", call([]), {}, 200, MANAGE],
    ["a broken frame", call({}, { jsonrpc: "1.0" }), {}, 400, MANAGE],
    ["its method", call(), {}, 405, MANAGE, "PUT"],
  ])("%s", async (_what, body, headers, status, entry, method) => {
    const { send, entries } = await agent();
    expect(await send(body, headers, method)).toBe(status);
    expect(await entries()).toEqual([entry]);
  });
});

test.each<[string, unknown[], string[]]>([
  [
    "beside one that is done",
    [call({ action: "create", title: "slow" }, { id: "done" }), call([], { id: 2 })],
    ["incident.create done", "incidents.manage refused INVALID"],
  ],
  ["all of them", [call([], { id: 0 }), call([], { id: "b" })], ["incidents.manage refused INVALID"]],
  [
    "beside a read that is refused: a write that is done is not said to be refused",
    [
      call([], { id: 3, params: { name: "list_incidents", arguments: [] } }),
      call({ action: "create", title: "slow" }, { id: 4 }),
    ],
    ["incident.create done"],
  ],
])("a write of a batch that the protocol refuses by itself is on record, %s", async (_what, batch, expected) => {
  const { send, entries } = await agent();
  await send(batch);
  expect((await entries()).toSorted()).toEqual(expected);
});

test("a batch that is answered by an array says by id which writes were refused", async () => {
  const calls = [call({}, { id: 1 }), call({}, { id: "b", params: { name: "list_incidents" } })];
  const answer = (id: unknown) =>
    Response.json([
      { jsonrpc: "2.0", id: 9, result: {} },
      { jsonrpc: "2.0", id, error: { code: -32_602, message: "not so" } },
    ]);
  const tools = toolsOf(appRouter);
  expect([...(await refusedWritesIn(answer(1), tools, calls))]).toEqual([["incidents.manage", "not so"]]);
  expect((await refusedWritesIn(answer("b"), tools, calls)).size).toBe(0);
});

test("reads, notifications and what is done leave no refusal", async () => {
  const { send, entries } = await agent();
  await send(call({}, { params: { name: "list_incidents", arguments: { bogus: 1 } } }));
  await send(call({}, { id: undefined }));
  await send(null, {}, "GET");
  await send(call({ action: "create", title: "slow" }));
  expect(await entries()).toEqual(["incident.create done"]);
});

test("what comes too often is on record, bounded, and told by number", async () => {
  const { send, entries, tokenId } = await agent("viewer");
  const batch = Array.from({ length: 20 }, (_, id) => call({ bogus: 1 }, { id }));
  const startedMs = performance.now();
  const statuses: number[] = [];
  // a slow machine keeps within the rate for a while: what then is refused is turned away unread, for there being much at once
  const storm = async () => {
    statuses.push(...(await Promise.all(Array.from({ length: 40 }, () => send(batch)))));
    return entries();
  };
  await expect.poll(storm).toContain("incidents.manage refused RATE_LIMITED");
  expect(statuses).toContain(429);
  await recordCountedRefusals(database.db);
  const told = await database.db.auditEntry.findFirstOrThrow({ where: { actorId: tokenId, action: "writes.refused" } });
  const minutes = (performance.now() - startedMs) / 60_000;
  expect((await entries()).length).toBeLessThan(25 + 6 * minutes);
  expect((told.after as { more: number }).more).toBeGreaterThan(180);
});
