import { type AuthInfo, createMcpHandler } from "@modelcontextprotocol/server";
import type { AnyRouter } from "@trpc/server";
import { z } from "zod";
import type { AgentContext } from "#server/agent/kernel/context.ts";
import { AppError, shownMessage, toAppError } from "#server/agent/kernel/errors.ts";
import { continueTrace } from "#server/agent/telemetry/span.ts";
import { CLIENT_ADDRESS_HEADER } from "#server/auth/client-address.ts";
import type { Identified } from "#server/auth/context.ts";
import { MCP_STATUS, statusOf } from "#server/http-status.ts";
import { actorLimits, MAX_BATCH, MAX_BODY_BYTES } from "#server/limits/actor-limits.ts";
import { withBoundedBody } from "#server/limits/bounded-body.ts";
import { tellingWaits } from "#server/limits/deliberate-delay.ts";
import { retryAfterOf } from "#server/limits/fair-gate.ts";
import { auditRefusedRequest, auditRefusedWrites } from "#server/routers/refused-requests.ts";
import { beforeItsEnd, RequestedWrites } from "#server/routers/requested-writes.ts";
import { refusedWritesIn, writesIn, writesOfUnread } from "./called-writes.ts";
import { toolsOf } from "./registry.ts";
import { type CallReport, type McpCaller, mcpServer } from "./server.ts";

export interface McpEndpointOptions {
  router: AnyRouter;
  /** @throws FORBIDDEN for a foreign Host or Origin */
  checkOrigin: (request: Request) => void;
  /** by bearer token only: a cookie a browser sends along must not count here */
  identify: (request: Request) => Promise<Identified>;
  /** every finished call, and every fault with its cause, for the log */
  report: (report: CallReport) => void;
  /** what the SDK refuses or fails at, for the log */
  onProtocolError: (error: Error) => void;
  /** default 30 s */
  callTimeoutMs?: number;
}

/**
 * `/api/mcp`: Streamable HTTP, stateless, for protocol 2026-07-28 and the 2025 revisions. GET and DELETE are answered
 * 405, because there is no session to resume or end.
 * @throws Error when a procedure of the router cannot be a tool.
 */
export function mcpEndpoint(options: McpEndpointOptions): (request: Request) => Promise<Response> {
  const { router, report, callTimeoutMs = 30_000 } = options;
  const serving = { router, tools: toolsOf(router), report, callTimeoutMs };
  const handler = createMcpHandler(({ authInfo }) => mcpServer(serving, callerOf(authInfo)), {
    maxRequestBodySize: MAX_BODY_BYTES,
    onerror: options.onProtocolError,
  });
  return tellingWaits(async (request) => {
    let identified: Identified | null = null;
    let writes: RequestedWrites | null = null;
    try {
      options.checkOrigin(request);
      actorLimits().precheck(request);
      const identity = await options.identify(request);
      identified = identity;
      const { agent, requestId, refusal } = identity;
      if (refusal?.code === "RATE_LIMITED") throw refusal;
      // those with a token were counted when it was looked up
      if (!(agent || request.headers.has("authorization")))
        actorLimits().stranger(request.headers.get(CLIENT_ADDRESS_HEADER) ?? "unknown");
      if (!agent) return unauthenticated(request, refusal, requestId);
      actorLimits().remember(request, agent);
      const answer = await actorLimits().request(agent, async () => {
        const read = await withBoundedBody(request, MAX_BODY_BYTES);
        const calls = await callsOf(read);
        const asked = new RequestedWrites(writesIn(serving.tools, calls));
        writes = asked;
        refuseTooMany(calls);
        actorLimits().count(agent, Math.max(1, calls.length));
        const serve = async () => {
          const authInfo = authInfoOf({ agent, reached: asked.reached });
          const served = await continueTrace(request.headers.get("traceparent"), () =>
            handler.fetch(read, { authInfo }),
          );
          if (asked.notReached.length === 0) return served;
          const why = await refusedWritesIn(served, serving.tools, calls);
          return recordingRefused(served, why, { agent, writes: asked, onFault: options.onProtocolError });
        };
        // what waits by design would keep the actor's other requests waiting
        if (calls.some((call) => serving.tools.find(nameOf(call))?.maxSeconds != null)) return serve;
        const answered = await serve();
        return () => answered;
      });
      const response = await answer();
      response.headers.set("x-request-id", requestId);
      response.headers.set("cache-control", "no-store");
      return response;
    } catch (error) {
      const refusal = toAppError(error);
      await auditRefusedRequest({
        ...{ request, refusal, identified },
        writes: () => writes?.notReached ?? writesOfUnread(serving.tools, request),
        identify: () => options.identify(request),
      }).catch((fault: unknown) => options.onProtocolError(toAppError(fault)));
      if (refusal.code === "RATE_LIMITED") await actorLimits().delayRefusal(request);
      return refused(refusal, options.onProtocolError);
    }
  });
}

/** An answer at whose end the writes are on record that the protocol refused before a tool was called. */
async function recordingRefused(
  response: Response,
  why: ReadonlyMap<string, string>,
  { agent, writes, onFault }: { agent: AgentContext; writes: RequestedWrites; onFault: (error: Error) => void },
): Promise<Response> {
  if (why.size === 0) return response;
  return beforeItsEnd(response, async () => {
    for (const path of writes.notReached) {
      const said = why.get(path);
      if (said === undefined) continue;
      await auditRefusedWrites(agent, new AppError("INVALID", said), [path]).catch((fault: unknown) =>
        onFault(toAppError(fault)),
      );
    }
  });
}

/** The calls of a body: JSON-RPC allows an array of them. What is no JSON is one call and the SDK's to refuse. */
async function callsOf(request: Request): Promise<unknown[]> {
  try {
    const body: unknown = request.body === null ? null : JSON.parse(await request.clone().text());
    return Array.isArray(body) ? body : [body];
  } catch {
    return [null];
  }
}

/** @throws INVALID for more than 20 */
function refuseTooMany({ length }: readonly unknown[]): void {
  if (length > MAX_BATCH)
    throw new AppError(
      "INVALID",
      `A request holds at most ${MAX_BATCH} JSON-RPC calls, and this one has ${length}. Send it in several requests.`,
    );
}

const Named = z.object({ params: z.object({ name: z.string() }) });
const nameOf = (call: unknown): string => Named.safeParse(call).data?.params.name ?? "";

/** The SDK hands `authInfo` to the server it asks for; the context of the request travels in it. */
const authInfoOf = (caller: McpCaller): AuthInfo => ({
  token: "",
  clientId: caller.agent.actor.id,
  scopes: [],
  extra: { caller },
});

function callerOf(authInfo: AuthInfo | undefined): McpCaller {
  const caller = authInfo?.extra?.caller;
  if (!caller) throw new Error("a request reached the MCP server without its context");
  return caller as McpCaller;
}

/** RFC 6750: without a token only the scheme is named, with a bad one also what is wrong. */
function unauthenticated(request: Request, refusal: AppError | null, requestId: string): Response {
  const sent = request.headers.has("authorization");
  const message =
    refusal?.message ?? "Create an API token under Settings → Tokens and send it as `Authorization: Bearer <token>`.";
  return Response.json(
    { code: "UNAUTHENTICATED", message, requestId },
    {
      status: 401,
      headers: {
        "www-authenticate": `Bearer realm="Operate"${sent ? ', error="invalid_token"' : ""}`,
        "cache-control": "no-store",
        "x-request-id": requestId,
      },
    },
  );
}

/** What fails before the protocol begins: a foreign site, or no database to look the token up in. */
function refused(error: AppError, log: (error: Error) => void): Response {
  const status = statusOf(error, MCP_STATUS);
  if (status === 503) log(error);
  const retryAfter = retryAfterOf(error);
  const message = shownMessage(error.message);
  // what is wrong with a body is said as JSON-RPC says it: -32600 is an invalid request
  if (error.code === "INVALID")
    return Response.json(
      { jsonrpc: "2.0", id: null, error: { code: -32_600, message } },
      { status, headers: { "cache-control": "no-store" } },
    );
  return Response.json(
    { code: error.code, message, ...(error.details && { details: error.details }) },
    { status, headers: { "cache-control": "no-store", ...(retryAfter && { "retry-after": retryAfter }) } },
  );
}
