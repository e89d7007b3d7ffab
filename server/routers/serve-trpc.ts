import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { AppError, shownMessage, toAppError } from "../agent/kernel/errors.ts";
import { continueTrace } from "../agent/kernel/span.ts";
import type { Identified } from "../auth/context.ts";
import { actorLimits, MAX_BATCH } from "../limits/actor-limits.ts";
import { BodyTooLarge, withBoundedBody } from "../limits/bounded-body.ts";
import { retryAfterOf } from "../limits/fair-gate.ts";
import { appRouter } from "./index.ts";

export interface TrpcServing {
  /** @throws FORBIDDEN for a foreign Host or Origin */
  checkOrigin: (request: Request) => void;
  identify: (request: Request, via: "web" | "api") => Promise<Identified>;
  /** told of every refused or failed call; `procedure` is one of the router's or `unknown` */
  onFailure: (failure: { procedure: string; type: string; code: string; requestId: string; fault: unknown }) => void;
}

const ENDPOINT = "/api/trpc";
const known = new Set(Object.keys(appRouter._def.procedures));

/**
 * `/api/trpc`. A request is refused before it is read when it comes from another site (403), holds more than 20 calls
 * (400), is larger than 1 MB (413), or comes from somebody who asks too much (429 with Retry-After).
 */
export function serveTrpc({ checkOrigin, identify, onFailure }: TrpcServing): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      checkOrigin(request);
      const calls = callsOf(request);
      const via = request.headers.has("authorization") ? "api" : "web";
      const identity = await identify(request, via);
      if (identity.agent) actorLimits().count(identity.agent, calls);
      const { requestId } = identity;
      // nobody's body is read who is not known: their calls are refused without it
      const read = identity.agent ? await withBoundedBody(request) : request;
      const sender = via === "api" && identity.agent ? request.headers.get("traceparent") : null;
      return await continueTrace(sender, () =>
        fetchRequestHandler({
          endpoint: ENDPOINT,
          req: read,
          router: appRouter,
          createContext: () => ({ ...identity, counted: true }),
          allowMethodOverride: true, // long inputs (a whole configuration) do not fit into a URL
          responseMeta: ({ errors }) => {
            const headers: Record<string, string> = { "x-request-id": requestId, "cache-control": "no-store" };
            const waits = errors.flatMap(({ cause }) => (cause instanceof AppError ? (retryAfterOf(cause) ?? []) : []));
            if (waits.length > 0) headers["retry-after"] = String(Math.max(...waits.map(Number)));
            return { headers };
          },
          onError: ({ error, path, type }) =>
            onFailure({
              procedure: known.has(path ?? "") ? String(path) : "unknown",
              ...{ type, code: error.code, requestId },
              fault: error.code === "INTERNAL_SERVER_ERROR" ? (error.cause ?? error) : undefined,
            }),
        }),
      );
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.code === "INTERNAL")
        onFailure({ procedure: "unknown", type: "unknown", code: error.code, requestId: "", fault: thrown });
      if (error.code === "RATE_LIMITED") await actorLimits().linger();
      return refusal(error);
    }
  };
}

/** How many calls a request holds. @throws INVALID for a path that cannot be decoded and for a batch of more than 20 */
function callsOf(request: Request): number {
  const { pathname, searchParams } = new URL(request.url);
  let path: string;
  try {
    path = decodeURIComponent(pathname.slice(ENDPOINT.length + 1));
  } catch (cause) {
    throw new AppError("INVALID", "The path is not valid: % must be followed by two hex digits of UTF-8.", { cause });
  }
  const calls = searchParams.get("batch") === "1" ? path.split(",").length : 1;
  if (calls > MAX_BATCH)
    throw new AppError(
      "INVALID",
      `A batch holds at most ${MAX_BATCH} calls, and this one has ${calls}. Send it in several requests.`,
    );
  return calls;
}

const STATUS = { FORBIDDEN: 403, INVALID: 400, RATE_LIMITED: 429, INTERNAL: 500 } as const;

/** The shape of a tRPC error, so that a typed client can read it. */
function refusal(error: AppError): Response {
  const { code } = error;
  const httpStatus = error instanceof BodyTooLarge ? 413 : code in STATUS ? STATUS[code as keyof typeof STATUS] : 503;
  const body = {
    error: {
      message: shownMessage(error.message),
      code: -32_003,
      data: { code, httpStatus, path: null, appCode: code, details: error.details ?? null },
    },
  };
  const retryAfter = retryAfterOf(error);
  return Response.json(body, {
    status: httpStatus,
    headers: { "cache-control": "no-store", ...(retryAfter && { "retry-after": retryAfter }) },
  });
}
