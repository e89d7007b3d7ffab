import { initTRPC, TRPCError } from "@trpc/server";
import { z } from "zod";
import {
  type Brought,
  confidentialIn,
  dataWithoutConfidential,
  holdsConfidential,
  withoutConfidential,
} from "../agent/kernel/confidential/confidential.ts";
import type { AgentContext } from "../agent/kernel/context.ts";
import { AppError, type ErrorCode, sentMessage, shownDetails, toAppError } from "../agent/kernel/errors.ts";
import type { WriteVerb } from "../agent/kernel/perform.ts";
import { authorize, type Permission } from "../agent/kernel/permissions.ts";
import { failSpan, inSpan } from "../agent/telemetry/span.ts";
import { clipSent } from "../agent/text/clip-sent.ts";
import { DATABASE_AWAY } from "../agent/text/storage-words.ts";
import { dataWithoutTokens } from "../agent/text/token-texts.ts";
import { actorLimits, isLimited } from "../limits/actor-limits.ts";
import { inputIssues } from "./input-issues.ts";
import { withoutOwnStacks } from "./own-stacks.ts";
import { openCursor, sealCursor } from "./paged.ts";
import { watchWrite } from "./refused-writes.ts";
import { whileRightsLast } from "./rights.ts";

/** What a request brings: an agent context, or the reason why there is none. */
export interface RouterContext {
  /** null when nobody is signed in */
  agent: AgentContext | null;
  requestId: string;
  /** why: an expired token, a session that ended */
  refusal?: AppError | null;
  /** the transport has counted this call against the actor's rate already */
  counted?: boolean;
  /** told of each write that the router has begun, and records if it is refused */
  reached?: ((path: string) => void) | undefined;
  /** told that a stream found no place, so that the transport can refuse it before it begins */
  onStreamRefused?: (refusal: AppError) => void;
  /** what was sent, where a transport may refuse it before the input is read */
  sent?: unknown;
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
  /** true when its results show what operated programs, their senders or people wrote: lines, titles, names, messages */
  outsideText: boolean;
  /** the longest it may take when it waits by design; default: what the endpoint allows every call */
  maxSeconds?: number;
}

type Raw = Record<string, unknown> | undefined;

export interface Meta {
  permission: Permission | "signed-in";
  /** answered before a password that someone else set was changed: only who one is, so that the console can say so */
  beforePasswordChange?: true;
  /** argument by which a caller asks to wait for a change instead of for an answer; such calls have places of their own */
  waitsBy?: string;
  /** a query whose result is about what was sent, and shows nothing that is stored */
  echoes?: true;
  mcp?: McpMeta;
}

export const TRPC_CODE = {
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

/** of a procedure's path in an answer: whoever asks for what does not exist gets no echo of any length */
const MAX_PATH = 100;

const t = initTRPC
  .context<RouterContext>()
  .meta<Meta>()
  .create({
    defaultMeta: { permission: "signed-in" },
    sse: { ping: { enabled: true, intervalMs: 3_000 }, client: { reconnectAfterInactivityMs: 10_000 } },
    errorFormatter: ({ shape, error, ctx }) => ({
      ...shape,
      message: sentMessage(codeOf(error), shape.message, ctx?.requestId),
      data: {
        code: shape.data.code,
        httpStatus: shape.data.httpStatus,
        path: shape.data.path === undefined ? undefined : clipSent(shape.data.path, MAX_PATH),
        requestId: ctx?.requestId ?? null,
        appCode: error.cause instanceof AppError ? error.cause.code : null,
        details: error.cause instanceof AppError ? (shownDetails(error.cause.details) ?? null) : null,
      },
    }),
  });

const codeOf = ({ cause, code }: TRPCError): string =>
  cause instanceof AppError ? cause.code : code === "INTERNAL_SERVER_ERROR" ? "INTERNAL" : code;

/** `field: what is wrong`, one line per problem. */
export function describeZodError(error: z.ZodError): string {
  const { issues, more } = inputIssues(error);
  const lines = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message));
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

/**
 * The console asks again and again for the same; one in twenty of these is enough to know how long they take.
 */
const SHARE_OF_FREQUENT = 0.05;

/** Each call is a span; a subscription, which lasts as long as somebody listens, is not. */
const traced = t.middleware(({ ctx, path, type, next }) => {
  // who is not known leaves no row, whatever they ask for
  if (type === "subscription" || ctx.agent === null) return next();
  const attributes = {
    "rpc.system": "trpc",
    "rpc.method": path,
    "operate.request_id": ctx.requestId,
    "operate.via": ctx.agent.via,
    "operate.actor": ctx.agent.actor.kind,
  };
  // within the span of a tool call it is a part of that call
  const kind = ctx.agent.via === "mcp" ? "internal" : "server";
  const frequent = type === "query" && ctx.agent.via === "web";
  const share = frequent ? SHARE_OF_FREQUENT : 1;
  return inSpan(path, { kind, attributes, share }, async (span) => {
    const result = await next();
    if (!result.ok) failSpan(span, faultOrRefusal(result.error));
    return result;
  });
});

/** A fault as it was thrown; all else as the refusal it is. */
function faultOrRefusal(failure: TRPCError): unknown {
  const error = appErrorOf(failure);
  return error.code === "INTERNAL" ? (error.cause ?? error) : error;
}

/** What tRPC found wrong with a request before a procedure saw it. */
const REFUSED_BY_TRPC = new Set<TRPCError["code"]>([
  "PARSE_ERROR",
  "BAD_REQUEST",
  "UNSUPPORTED_MEDIA_TYPE",
  "METHOD_NOT_SUPPORTED",
  "PAYLOAD_TOO_LARGE",
]);

/** Any failure of a procedure as the core's error. An output that breaks its schema is a fault of ours. */
export function appErrorOf(error: TRPCError): AppError {
  const { cause, code, message } = error;
  if (cause instanceof AppError) return cause;
  if (code === "BAD_REQUEST" && cause instanceof z.ZodError)
    return new AppError("INVALID", describeZodError(cause), { cause });
  if (code === "UNAUTHORIZED") return new AppError("UNAUTHENTICATED", message);
  if (code === "PARSE_ERROR" || cause instanceof SyntaxError)
    return new AppError("INVALID", `The input is not valid JSON: ${message}`, { cause });
  if (REFUSED_BY_TRPC.has(code)) return new AppError("INVALID", message, { cause });
  return toAppError(cause ?? error);
}

/** The same error, its message and details without the values of placeholders and secrets. */
const redactError = ({ code, message, details, cause }: AppError, brought: Brought): AppError =>
  new AppError(code, withoutConfidential(message, "message", brought), {
    ...(details && { details: dataWithoutConfidential(details, "message", brought) }),
    ...(cause === undefined ? {} : { cause }),
  });

/** A database that ends under a write may have kept it. */
const ofWrite = (error: AppError): AppError =>
  error.message.startsWith(DATABASE_AWAY)
    ? new AppError(error.code, `${error.message} Look whether it was done before you do it again.`, {
        ...(error.details && { details: error.details }),
        cause: error.cause,
      })
    : error;

/**
 * The one place where the core's errors become tRPC's. No message and no result leaves with a confidential value, except
 * one that the caller sent with the same request and that is echoed: see `confidentialIn`. Results that are read from a
 * store are clean of all: there the same value may come from somebody else.
 */
const translateErrors = t.middleware(async ({ ctx, meta, type, next, getRawInput }) => {
  const result = await next();
  const brought = async () => confidentialIn(ctx.sent ?? (await getRawInput().catch(() => undefined)));
  if (result.ok) {
    const isEcho = (type === "mutation" || meta?.echoes) && holdsConfidential(result.data, "data");
    const clean = dataWithoutConfidential(result.data, "data", isEcho ? await brought() : undefined);
    // what was stored or written to a file before tokens were taken out of it; the answer to a write may bring a new one
    const data = type === "mutation" ? clean : dataWithoutTokens(clean);
    return { ...result, data: ctx.agent?.actor.role === "viewer" ? withoutOwnStacks(data) : data };
  }
  const failure = appErrorOf(result.error);
  const isEcho = holdsConfidential([failure.message, failure.details], "message");
  const error = redactError(type === "mutation" ? ofWrite(failure) : failure, isEcho ? await brought() : new Set());
  const code = REFUSED_BY_TRPC.has(result.error.code) ? result.error.code : TRPC_CODE[error.code];
  throw new TRPCError({ code: code === "PARSE_ERROR" ? "BAD_REQUEST" : code, message: error.message, cause: error });
});

/** See server/limits: the same for every transport. A stream holds its place until it ends. */
const limited = t.middleware(async ({ ctx, meta, type, signal, next, getRawInput }) => {
  const { agent } = ctx;
  if (!agent || !isLimited(agent)) return next();
  const limits = actorLimits();
  if (!ctx.counted) limits.count(agent);
  if (type === "subscription") {
    let end: () => void;
    try {
      end = limits.openStream(agent, signal);
    } catch (error) {
      ctx.onStreamRefused?.(toAppError(error));
      throw error;
    }
    const result = await next().catch((error: unknown) => {
      end();
      throw error;
    });
    if (result.ok && isStream(result.data)) return { ...result, data: releasing(result.data, end) };
    end();
    return result;
  }
  const raw = meta?.waitsBy ? ((await getRawInput().catch(() => undefined)) as Raw) : undefined;
  if (meta?.waitsBy && Number(raw?.[meta.waitsBy] ?? 0) > 0) return limits.following(agent, next);
  return limits.call(agent, next);
});

const isStream = (data: unknown): data is AsyncIterable<unknown> =>
  typeof data === "object" && data !== null && Symbol.asyncIterator in data;

async function* releasing(stream: AsyncIterable<unknown>, release: () => void): AsyncIterable<unknown> {
  try {
    yield* stream;
  } finally {
    release();
  }
}

/** See refused-writes.ts. Stands around everything that can refuse somebody who is signed in. */
const auditedWhenRefused = t.middleware(async ({ ctx, path, type, next, getRawInput }) => {
  if (type !== "mutation" || !ctx.agent) return next();
  ctx.reached?.(path);
  const write = watchWrite(ctx.agent, path);
  const result = await next({ ctx: { ...ctx, agent: write.agent } });
  if (!result.ok) {
    const input = await getRawInput().catch(() => undefined); // what cannot be read is what was refused
    await write.refuse(appErrorOf(result.error), input);
  }
  return result;
});

const passwordFirst = () =>
  new AppError(
    "PRECONDITION",
    "The password you signed in with was made for you. Change it first, under Settings, Account; until then nothing else is done.",
    { details: { mustChangePassword: true } },
  );

/**
 * Signed in, and holding the permission the procedure names. A mutation's is asked for inside `performWrite`, which also
 * records the refusal, so that every refused write is audited.
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
/** Every procedure that reads starts here: `.meta({ permission, mcp? }).input().output()` and one call. */
export const procedure = t.procedure
  .use(traced)
  .use(translateErrors)
  .use(auditedWhenRefused)
  .use(limited)
  .use(permitted);

/** A procedure that is one write of the core, `ctx.write`: what it asks for is said where the write is defined. */
export const writes = <I, O>(verb: WriteVerb<I, O>, meta: Omit<Meta, "permission"> = {}) =>
  procedure
    .meta({ ...meta, permission: verb.permission })
    .use(({ ctx, next }) => next({ ctx: { write: (input: I) => verb(ctx.agent, input) } }));

/**
 * Behind the input of every list that pages: `cursor` belongs to this list under these filters, or is refused with
 * INVALID; the procedure sees and returns plain positions.
 */
export const paged = t.middleware(async ({ path, input, next }) => {
  const filters = (input ?? {}) as Record<string, unknown>;
  const { cursor } = filters;
  const position = typeof cursor === "string" ? openCursor(path, filters, cursor) : undefined;
  const result = await next({ ctx: {}, input: position === undefined ? input : { ...filters, cursor: position } });
  if (!result.ok) return result;
  const page = result.data as { nextCursor?: string | null };
  if (typeof page?.nextCursor !== "string") return result;
  return { ...result, data: { ...page, nextCursor: sealCursor(path, filters, page.nextCursor) } };
});
