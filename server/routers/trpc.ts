import { initTRPC, TRPCError } from "@trpc/server";
import { z } from "zod";
import { dataWithoutConfidential, withoutConfidential } from "../agent/kernel/confidential.ts";
import type { AgentContext } from "../agent/kernel/context.ts";
import { AppError, type ErrorCode, toAppError } from "../agent/kernel/errors.ts";
import { authorize, type Permission } from "../agent/kernel/permissions.ts";
import { failSpan, inSpan } from "../agent/kernel/span.ts";
import { withoutOwnStacks } from "./own-stacks.ts";
import { whileRightsLast } from "./rights.ts";

/** What a request brings: an agent context, or the reason why there is none. */
export interface RouterContext {
  /** null when nobody is signed in */
  agent: AgentContext | null;
  requestId: string;
  /** why: an expired token, a session that ended */
  refusal?: AppError | null;
  /** tells a caller that waits how far it is; absent when the transport cannot */
  progress?: ((done: number, total: number, message: string) => Promise<void>) | undefined;
}

/** How a procedure shows itself as an MCP tool. Procedures without it are not tools. */
export interface McpMeta {
  /** tool name, snake_case */
  name: string;
  title: string;
  /** when to use it, when not, what comes back */
  description: string;
  destructive: boolean;
  idempotent: boolean;
  /** true when it reaches beyond Operate's own database */
  openWorld: boolean;
  /** the longest it may take when it waits by design; default: what the endpoint allows every call */
  maxSeconds?: number;
}

export interface Meta {
  permission: Permission | "signed-in";
  /** answered before a password that someone else set was changed: only who one is, so that the console can say so */
  beforePasswordChange?: true;
  mcp?: McpMeta;
}

const TRPC_CODE = {
  INVALID: "BAD_REQUEST",
  UNAUTHENTICATED: "UNAUTHORIZED",
  FORBIDDEN: "FORBIDDEN",
  NOT_FOUND: "NOT_FOUND",
  CONFLICT: "CONFLICT",
  PRECONDITION: "PRECONDITION_FAILED",
  RATE_LIMITED: "TOO_MANY_REQUESTS",
  UPSTREAM_UNAVAILABLE: "SERVICE_UNAVAILABLE",
  UPSTREAM_REJECTED: "BAD_GATEWAY",
  TIMEOUT: "TIMEOUT",
  INTERNAL: "INTERNAL_SERVER_ERROR",
} as const satisfies Record<ErrorCode, TRPCError["code"]>;

const t = initTRPC
  .context<RouterContext>()
  .meta<Meta>()
  .create({
    defaultMeta: { permission: "signed-in" },
    sse: { ping: { enabled: true, intervalMs: 3_000 }, client: { reconnectAfterInactivityMs: 10_000 } },
    errorFormatter: ({ shape, error, ctx }) => ({
      ...shape,
      message:
        error.code === "BAD_REQUEST" && error.cause instanceof z.ZodError
          ? describeZodError(error.cause)
          : shape.message,
      data: {
        code: shape.data.code,
        httpStatus: shape.data.httpStatus,
        path: shape.data.path,
        requestId: ctx?.requestId ?? null,
        appCode: error.cause instanceof AppError ? error.cause.code : null,
        details: error.cause instanceof AppError ? (error.cause.details ?? null) : null,
      },
    }),
  });

/** `field: what is wrong`, one line per problem. */
export const describeZodError = (error: z.ZodError): string =>
  error.issues
    .map((issue) => (issue.path.length ? `${issue.path.join(".")}: ${issue.message}` : issue.message))
    .join("\n");

/**
 * The console asks again and again for the same, and anybody may ask who is not signed in; one in twenty of these is
 * enough to know how long they take.
 */
const SHARE_OF_FREQUENT = 0.05;

/** Each call is a span; a subscription, which lasts as long as somebody listens, is not. */
const traced = t.middleware(({ ctx, path, type, next }) => {
  if (type === "subscription") return next();
  const attributes = {
    "rpc.system": "trpc",
    "rpc.method": path,
    "operate.request_id": ctx.requestId,
    ...(ctx.agent && { "operate.via": ctx.agent.via, "operate.actor": ctx.agent.actor.kind }),
  };
  // within the span of a tool call it is a part of that call
  const kind = ctx.agent?.via === "mcp" ? "internal" : "server";
  const frequent = ctx.agent === null || (type === "query" && ctx.agent.via === "web");
  const share = frequent ? SHARE_OF_FREQUENT : 1;
  return inSpan(path, { kind, attributes, share }, async (span) => {
    const result = await next();
    if (!result.ok) failSpan(span, faultOrRefusal(result.error));
    return result;
  });
});

/** What tRPC itself refuses, an input or somebody who is not signed in, is a refusal as well. */
function faultOrRefusal({ code, cause, message }: TRPCError): unknown {
  if (cause instanceof AppError || code === "INTERNAL_SERVER_ERROR") return cause ?? new Error(message);
  return new AppError(code === "UNAUTHORIZED" ? "UNAUTHENTICATED" : "INVALID", message);
}

/** The same error, its message and details without the values of placeholders and secrets. */
const sayable = ({ code, message, details, cause }: AppError): AppError =>
  new AppError(code, withoutConfidential(message), {
    ...(details && { details: dataWithoutConfidential(details, "message") }),
    ...(cause === undefined ? {} : { cause }),
  });

/** The one place where the core's errors become tRPC's. No message and no result leaves with a confidential value. */
const translateErrors = t.middleware(async ({ ctx, next }) => {
  const result = await next();
  if (result.ok) {
    const data = dataWithoutConfidential(result.data);
    return { ...result, data: ctx.agent?.actor.role === "viewer" ? withoutOwnStacks(data) : data };
  }
  if (result.error.code === "BAD_REQUEST" && result.error.cause instanceof z.ZodError) return result;
  const cause = result.error.cause;
  if (!cause && result.error.code !== "INTERNAL_SERVER_ERROR") return result;
  const error = sayable(toAppError(cause ?? result.error));
  throw new TRPCError({ code: TRPC_CODE[error.code], message: error.message, cause: error });
});

const passwordFirst = () =>
  new AppError(
    "PRECONDITION",
    "Your password was set by someone else. Change it first, under Settings, Account; until then nothing else is done.",
    { details: { mustChangePassword: true } },
  );

/**
 * Signed in, and holding the permission the procedure names. A mutation's permission is checked again inside
 * `performWrite`, which also records the refusal; here it is left to it so that every refused write is audited.
 */
const permitted = t.middleware(({ ctx, meta, type, next }) => {
  const { agent } = ctx;
  if (!agent)
    throw (
      ctx.refusal ??
      new TRPCError({ code: "UNAUTHORIZED", message: "Sign in, or send an API token as a bearer token." })
    );
  const permission = meta?.permission ?? "signed-in";
  if (agent.mustChangePassword && !meta?.beforePasswordChange) throw passwordFirst();
  if (permission !== "signed-in" && type !== "mutation") authorize(agent, permission);
  if (type === "mutation") return next({ ctx: { ...ctx, agent, rightsEnded: new AbortController().signal } });
  return whileRightsLast(agent, ({ rightsEnded }) => {
    const progress: RouterContext["progress"] =
      ctx.progress && (async (...told) => (rightsEnded.aborted ? undefined : ctx.progress?.(...told)));
    return next({ ctx: { ...ctx, agent, rightsEnded, progress } });
  });
});

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;
/** Every procedure starts here: `.meta({ permission, mcp? }).input().output()` and one call. */
export const procedure = t.procedure.use(traced).use(translateErrors).use(permitted);
