import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import type { AgentContext } from "../agent/kernel/context.ts";
import { AppError, sentMessage, toAppError } from "../agent/kernel/errors.ts";
import { continueTrace } from "../agent/telemetry/span.ts";
import { CLIENT_ADDRESS_HEADER } from "../auth/client-address.ts";
import type { Identified } from "../auth/context.ts";
import { identifiedForPage } from "../auth/page-person.ts";
import { newRequestId } from "../auth/request-id.ts";
import { statusOf } from "../http-status.ts";
import { actorLimits, MAX_BATCH, MAX_BODY_BYTES } from "../limits/actor-limits.ts";
import { withBoundedBody } from "../limits/bounded-body.ts";
import { tellingWaits, WAIT_HEADER } from "../limits/deliberate-delay.ts";
import { retryAfterOf } from "../limits/fair-gate.ts";
import { appRouter } from "./index.ts";
import { auditRefusedRequest, auditRefusedWrites } from "./refused-requests.ts";
import { beforeItsEnd, RequestedWrites } from "./requested-writes.ts";
import { appErrorOf, type Meta } from "./trpc.ts";

export interface TrpcServing {
  /** @throws FORBIDDEN for a foreign Host or Origin */
  checkOrigin: (request: Request) => void;
  identify: (request: Request, via: "web" | "api") => Promise<Identified>;
  /** told of every refused or failed call; `procedure` is one of the router's or `unknown` */
  onFailure: (failure: { procedure: string; type: string; code: string; requestId: string; fault: unknown }) => void;
}

const ENDPOINT = "/api/trpc";
const procedures = Object.entries(
  appRouter._def.procedures as unknown as Record<string, { _def: { type: string; meta?: Meta } }>,
);
const known = new Set(procedures.map(([path]) => path));
const WRITES = new Set(procedures.flatMap(([path, { _def }]) => (_def.type === "mutation" ? [path] : [])));
/** calls of a batch that are looked at, however long it is */
const MOST_NAMED = 1_000;
/** what waits by design and would keep the actor's other requests waiting */
const lasting = procedures.filter(([, { _def }]) => _def.type === "subscription" || _def.meta?.waitsBy);
const LASTING = new Set(lasting.map(([path]) => path));

/**
 * `/api/trpc`. A request is refused before it is read when it comes from another site (403), holds more than 20 calls
 * (400), is larger than 1 MB (413), comes from a page of somebody else than is signed in (401), or from somebody who asks
 * too much (429 with Retry-After).
 */
export function serveTrpc({ checkOrigin, identify, onFailure }: TrpcServing): (request: Request) => Promise<Response> {
  return tellingWaits(async (request) => {
    const via = request.headers.has("authorization") ? "api" : "web";
    let identified: Identified | null = null;
    const writes = new RequestedWrites(writesOf(request));
    // of a request that fails before anybody knows who asks
    const unidentified = newRequestId();
    const failed = (fault: unknown) => {
      const requestId = identified?.requestId ?? unidentified;
      onFailure({ procedure: "unknown", type: "unknown", code: "INTERNAL", requestId, fault });
    };
    const audited = async (agent: AgentContext) => {
      for (const { path, refusal } of writes.refused) await auditRefusedWrites(agent, refusal, [path]).catch(failed);
    };
    try {
      checkOrigin(request);
      const calls = callsOf(request);
      actorLimits().precheck(request, calls);
      identified = await identify(request, via);
      const identity = identifiedForPage(request, identified);
      if (identity.agent) {
        actorLimits().remember(request, identity.agent);
        actorLimits().count(identity.agent, calls);
      } else refuseStranger(request, identity.refusal);
      // one answer for a whole batch: twenty refusals of nobody would cost what twenty calls do
      if (!(identity.agent || lasts(request)) && calls > 1)
        throw identity.refusal ?? new AppError("UNAUTHENTICATED", "Sign in, or send an API token as a bearer token.");
      const { requestId } = identity;
      const sender = via === "api" && identity.agent ? request.headers.get("traceparent") : null;
      let noPlace: AppError | undefined;
      const onStreamRefused = (refusal: AppError) => {
        noPlace = refusal;
      };
      const answer = async () => {
        // nobody's body is read who is not known: their calls are refused without it
        const read = identity.agent ? await withBoundedBody(request, MAX_BODY_BYTES) : request;
        return continueTrace(sender, () =>
          fetchRequestHandler({
            endpoint: ENDPOINT,
            req: read,
            router: appRouter,
            createContext: () => ({ ...identity, counted: true, onStreamRefused, reached: writes.reached }),
            allowMethodOverride: true, // long inputs (a whole configuration) do not fit into a URL
            responseMeta: ({ errors }) => {
              const headers: Record<string, string> = { "x-request-id": requestId, "cache-control": "no-store" };
              const waits = errors.flatMap(({ cause }) =>
                cause instanceof AppError ? (retryAfterOf(cause) ?? []) : [],
              );
              if (waits.length > 0) headers["retry-after"] = String(Math.max(...waits.map(Number)));
              // answers of a batch that go out one by one: the head is sent before what waits has waited
              if (lasts(request) && request.headers.has("trpc-accept")) headers[WAIT_HEADER] = "wait";
              return { headers };
            },
            onError: ({ error, path, type }) => {
              writes.noteRefusal(appErrorOf(error), path);
              onFailure({
                procedure: known.has(path ?? "") ? String(path) : "unknown",
                ...{ type, code: error.code, requestId },
                fault: error.code === "INTERNAL_SERVER_ERROR" ? (error.cause ?? error) : undefined,
              });
            },
          }),
        );
      };
      const { agent } = identity;
      const response = await (agent && !lasts(request) ? actorLimits().request(agent, answer) : answer());
      if (noPlace) {
        // tRPC would say it within a stream of its own, under status 200
        await response.body?.cancel();
        throw noPlace;
      }
      if (!agent || writes.notReached.length === 0) return response;
      return await beforeItsEnd(response, () => audited(agent));
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.code === "INTERNAL") failed(thrown);
      if (writes.notReached.length > 0)
        await auditRefusedRequest({
          ...{ request, refusal: error, identified },
          writes: () => writes.notReached,
          identify: () => identify(request, via),
        }).catch(failed);
      if (error.code === "RATE_LIMITED") await actorLimits().delayRefusal(request);
      return refusal(error, identified?.requestId ?? unidentified);
    }
  });
}

/** Who is not known is counted by address: those with a token were when it was looked up. @throws RATE_LIMITED */
function refuseStranger({ headers }: Request, refusal: AppError | null): void {
  if (refusal?.code === "RATE_LIMITED") throw refusal;
  if (!headers.has("authorization")) actorLimits().stranger(headers.get(CLIENT_ADDRESS_HEADER) ?? "unknown");
}

/** The path of the calls as tRPC reads it: without slashes at its ends, decoded; what cannot be decoded as it is. */
function pathOf({ url }: Request): string {
  const path = new URL(url).pathname.slice(ENDPOINT.length).replace(/^\/+|\/+$/g, "");
  try {
    return decodeURIComponent(path);
  } catch {
    return path.replace(/%[0-7][0-9a-f]/gi, decodeURIComponent);
  }
}

/** The procedures of a request that write, each as often as it is asked for; more than anybody may ask for are not told. */
const writesOf = (request: Request): string[] =>
  request.method === "HEAD" || request.method === "OPTIONS"
    ? []
    : pathOf(request)
        .split(",", MOST_NAMED)
        .filter((path) => WRITES.has(path));

const lasts = (request: Request): boolean =>
  pathOf(request)
    .split(",")
    .some((path) => LASTING.has(path));

/** How many calls a request holds. @throws INVALID for a path that cannot be decoded and for a batch of more than 20 */
function callsOf(request: Request): number {
  const { pathname, searchParams } = new URL(request.url);
  try {
    decodeURIComponent(pathname);
  } catch (cause) {
    throw new AppError("INVALID", "The path is not valid: % must be followed by two hex digits of UTF-8.", { cause });
  }
  const calls = searchParams.get("batch") === "1" ? pathOf(request).split(",").length : 1;
  if (calls > MAX_BATCH)
    throw new AppError(
      "INVALID",
      `A batch holds at most ${MAX_BATCH} calls, and this one has ${calls}. Send it in several requests.`,
    );
  return calls;
}

/** The shape of a tRPC error, so that a typed client can read it. */
function refusal(error: AppError, requestId: string): Response {
  const { code } = error;
  const httpStatus = statusOf(error);
  const nobody = code === "UNAUTHENTICATED";
  const body = {
    error: {
      message: sentMessage(code, error.message, requestId),
      code: nobody ? -32_001 : -32_003,
      data: {
        code: nobody ? "UNAUTHORIZED" : code,
        httpStatus,
        path: null,
        requestId,
        appCode: code,
        details: error.details ?? null,
      },
    },
  };
  const retryAfter = retryAfterOf(error);
  return Response.json(body, {
    status: httpStatus,
    headers: {
      "x-request-id": requestId,
      "cache-control": "no-store",
      ...(retryAfter && { "retry-after": retryAfter }),
    },
  });
}
