import {
  type CallToolResult,
  type ListToolsResult,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { type AnyRouter, callTRPCProcedure } from "@trpc/server";
import type { AgentContext } from "#server/agent/kernel/context.ts";
import { AppError, type ErrorCode } from "#server/agent/kernel/errors.ts";
import { failSpan, inSpan } from "#server/agent/telemetry/span.ts";
import { clipSent } from "#server/agent/text/clip-sent.ts";
import { escapeHiding } from "#server/agent/text/visible-text.ts";
import type { RouterContext } from "#server/routers/trpc.ts";
import manifest from "../package.json" with { type: "json" };
import { refuseUnknownArguments, withoutNulls } from "./arguments.ts";
import { faultOf, toolError } from "./errors.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import type { McpTool, ToolRegistry } from "./registry.ts";
import { toolResult } from "./result.ts";

/** One finished tool call. */
export interface CallReport {
  tool: string;
  actorId: string;
  requestId: string;
  durationMs: number;
  outcome: "done" | ErrorCode;
  /** what failed inside Operate; the caller only learns the request id */
  fault?: unknown;
}

export interface McpServing {
  router: AnyRouter;
  tools: ToolRegistry;
  report: (report: CallReport) => void;
  /** a call that takes longer is answered TIMEOUT */
  callTimeoutMs: number;
}

const TOOLS_A_PAGE = 50;

type Input = Record<string, unknown>;

/** Whose request a server answers. */
export interface McpCaller {
  agent: AgentContext;
  /** told of each write that the router has begun */
  reached?: RouterContext["reached"];
}

/** A server for one request of one actor. Cheap: the tools were collected before. */
export function mcpServer(serving: McpServing, { agent, reached }: McpCaller): Server {
  const server = new Server(
    { name: manifest.name, title: "Operate", version: manifest.version },
    {
      capabilities: { tools: { listChanged: false } },
      instructions: INSTRUCTIONS,
      cacheHints: { "tools/list": { ttlMs: 60_000, cacheScope: "private" } },
    },
  );
  server.setRequestHandler("tools/list", ({ params }) => pageOfTools(serving.tools, agent, params?.cursor));
  server.setRequestHandler("tools/call", ({ params }, { mcpReq }) => {
    const tool = serving.tools.find(params.name);
    if (!tool) throw unknownTool(serving.tools, agent, params.name);
    const caller = { cancelled: mcpReq.signal, progress: progressFor(mcpReq), reached };
    return tracedCall(serving, agent, tool, params.arguments ?? {}, caller);
  });
  return server;
}

/** Who waits for the answer of a call. */
interface Caller {
  cancelled: AbortSignal;
  /** absent when the client did not ask to be told */
  progress: RouterContext["progress"];
  reached: RouterContext["reached"];
}

/** Sends `notifications/progress` under the token the client gave; a client that has left is told nothing. */
function progressFor({ _meta, notify, signal }: ServerContext["mcpReq"]): Caller["progress"] {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return undefined;
  return async (progress, total, message) => {
    if (signal.aborted) return;
    await notify({ method: "notifications/progress", params: { progressToken, progress, total, message } });
  };
}

/** The cursor is the name of the last tool of the page before, so a page stays right when tools are added. */
function pageOfTools(tools: ToolRegistry, { actor }: AgentContext, cursor: string | undefined): ListToolsResult {
  const visible = tools.visibleTo(actor.role);
  const last = cursor === undefined ? -1 : visible.findIndex(({ listing }) => listing.name === cursor);
  if (cursor !== undefined && last < 0)
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, "This cursor is not known. Start again without one.");
  const page = visible.slice(last + 1, last + 1 + TOOLS_A_PAGE).map(({ listing }) => listing);
  const final = page.at(-1);
  const more = final && last + 1 + TOOLS_A_PAGE < visible.length;
  return { tools: page, ...(more && { nextCursor: final.name }) };
}

function unknownTool(tools: ToolRegistry, { actor }: AgentContext, name: string): ProtocolError {
  const known = tools.visibleTo(actor.role).map(({ listing }) => listing.name);
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `Unknown tool: ${escapeHiding(clipSent(name, 80))}. Tools: ${known.join(", ")}`,
  );
}

function tracedCall(serving: McpServing, agent: AgentContext, tool: McpTool, input: Input, caller: Caller) {
  const { name } = tool.listing;
  const attributes = {
    "mcp.method.name": "tools/call",
    "gen_ai.tool.name": name,
    "operate.request_id": agent.requestId,
    "operate.actor": agent.actor.kind,
  };
  return inSpan(`tools/call ${name}`, { kind: "server", attributes }, (span) =>
    callTool(serving, agent, tool, input, { ...caller, failed: (error) => failSpan(span, error) }),
  );
}

async function callTool(
  serving: McpServing,
  agent: AgentContext,
  tool: McpTool,
  input: Input,
  { cancelled, progress, reached, failed }: Caller & { failed: (error: unknown) => void },
): Promise<CallToolResult> {
  const started = performance.now();
  const report = (outcome: CallReport["outcome"], fault?: unknown) =>
    serving.report({
      tool: tool.listing.name,
      actorId: agent.actor.id,
      requestId: agent.requestId,
      durationMs: Math.round(performance.now() - started),
      outcome,
      ...(fault !== undefined && { fault }),
    });
  try {
    const timeoutMs = tool.maxSeconds === null ? serving.callTimeoutMs : tool.maxSeconds * 1_000;
    const output = await withDeadline(timeoutMs, cancelled, (signal) =>
      callProcedure(
        serving.router,
        tool,
        // the endpoint has counted it with its request
        { agent, requestId: agent.requestId, progress, reached, sent: input, counted: true },
        input,
        signal,
      ),
    );
    const result = toolResult(tool, output, agent.now());
    report("done");
    return result;
  } catch (error) {
    const shown = toolError(error, agent.requestId, agent.now());
    failed(faultOf(error) ?? new AppError(shown.code, shown.message));
    report(shown.code, faultOf(error));
    return { isError: true, content: [{ type: "text", text: JSON.stringify(shown) }] };
  }
}

function callProcedure(
  router: AnyRouter,
  tool: McpTool,
  ctx: RouterContext,
  input: Input,
  signal: AbortSignal,
): Promise<unknown> {
  // within the call, so that a write that is refused for an argument is on record as any refused write is
  const getRawInput = async () => {
    refuseUnknownArguments(tool, input);
    return withoutNulls(tool, input);
  };
  return callTRPCProcedure({ router, path: tool.path, type: tool.type, ctx, getRawInput, signal, batchIndex: 0 });
}

/** Stops waiting at the deadline or when the client cancels; what the procedure does in one transaction completes. */
async function withDeadline<T>(
  timeoutMs: number,
  cancelled: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([deadline, cancelled]);
  const stopped = Promise.withResolvers<never>();
  const stop = () =>
    stopped.reject(
      deadline.aborted
        ? new AppError("TIMEOUT", `No answer within ${timeoutMs / 1_000} s.`)
        : new AppError("TIMEOUT", "The client cancelled this call."),
    );
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work(signal), stopped.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
