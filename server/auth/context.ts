import type { Actor } from "../agent/kernel/actor.ts";
import type { AgentContext, Channel, Runtime } from "../agent/kernel/context.ts";
import { AppError, toAppError } from "../agent/kernel/errors.ts";
import { FOR_MODELS, FOR_PEOPLE } from "../agent/kernel/reader-budget.ts";
import { lesserRole } from "../agent/kernel/roles.ts";
import { actorLimits } from "../limits/actor-limits.ts";
import { OneLookup } from "../limits/one-lookup.ts";
import { RecentMap } from "../limits/recent-map.ts";
import { getAuth } from "./better-auth.ts";
import { CLIENT_ADDRESS_HEADER } from "./client-address.ts";
import { clientRequestId, newRequestId } from "./request-id.ts";
import { roleOf, tokenRoleOf } from "./role.ts";
import type { AuthRuntime } from "./sign-in/sign-in-hooks.ts";
import { checkToken } from "./tokens/check.ts";
import { hashToken } from "./tokens/secret.ts";

/** Who asks, or why nobody may: `refusal` is UNAUTHENTICATED with a message for whoever holds the token. */
export interface Identified {
  agent: AgentContext | null;
  requestId: string;
  refusal: AppError | null;
}

type Found = { actor: Actor; ownerId: string; mustChangePassword: boolean } | AppError;
/** a storm of requests with one credential asks the database one question at a time */
const lookups = new OneLookup<Found>();
/** hashes of tokens that were right; says only who is not slowed down as a stranger */
const knownTokens = new RecentMap<true>(10_000);

/** The token of an Authorization header, "" for none. */
const bearerOf = (authorization: string): string => /^bearer\s+(\S+)$/i.exec(authorization)?.[1] ?? "";

const refuse = (message: string) => new AppError("UNAUTHENTICATED", message);

/**
 * The actor behind a request: a bearer token, else the session cookie. A request with a bearer token never falls back
 * to its cookie, and over MCP only tokens count. Roles and states are read anew each time, so that a demoted, disabled
 * or revoked one loses its reach with its next request.
 */
export async function identify(runtime: Runtime, request: Request, via: Channel): Promise<Identified> {
  const requestId = newRequestId();
  const fromClient = clientRequestId(request.headers);
  const authorization = request.headers.get("authorization");
  const cookie = request.headers.get("cookie");
  const key = hashToken(`${via} ${authorization ?? ""} ${cookie ?? ""}`);
  // by the token alone: it is remembered once, whatever cookie comes beside it and however its header is written
  const tokenKey = hashToken(`${via} ${bearerOf(authorization ?? "")}`);
  // a copy: work that lasts asks again when the request's own headers may be gone
  const headers = new Headers(request.headers);
  const find = () => lookups.run(key, () => lookUp(runtime, headers, via));
  // a cookie carries its own proof; a token must be looked up, so those who guess are slowed down before
  const unknown = authorization !== null && !knownTokens.has(tokenKey);
  const found = await (unknown ? findStranger(headers, find) : find());
  if (found instanceof AppError) {
    knownTokens.delete(tokenKey);
    return { agent: null, requestId, refusal: found };
  }
  if (authorization !== null) knownTokens.set(tokenKey, true);
  const recheck = async () => {
    const now = await find();
    return now instanceof AppError ? now : now.actor;
  };
  const reader = via === "mcp" ? FOR_MODELS : FOR_PEOPLE;
  return {
    agent: { ...runtime, ...found, via, reader, requestId, clientRequestId: fromClient, recheck },
    requestId,
    refusal: null,
  };
}

async function findStranger(headers: Headers, find: () => Promise<Found>): Promise<Found> {
  const address = headers.get(CLIENT_ADDRESS_HEADER) ?? "unknown";
  try {
    actorLimits().stranger(address);
    return await actorLimits().lookUp(address, find);
  } catch (error) {
    const refusal = toAppError(error);
    if (refusal.code === "RATE_LIMITED") return refusal;
    throw error;
  }
}

async function lookUp(runtime: Runtime, headers: Headers, via: Channel): Promise<Found> {
  const authorization = headers.get("authorization");
  const identity = runtime.identity ?? runtime;
  if (authorization !== null) return actorOfToken(identity, authorization, via);
  if (via !== "mcp") return actorOfSession(identity, headers);
  return refuse("Send an API token as `Authorization: Bearer opk_…`. The console makes one under Settings, Tokens.");
}

/** As `identify`, for callers who need no reason. */
export const agentContextOf = async (runtime: Runtime, request: Request, via: Channel): Promise<AgentContext | null> =>
  (await identify(runtime, request, via)).agent;

/** The library's error hides why the database did not answer, so that the database is asked; it may be back by then. */
async function knownCause<T>({ db }: Pick<AuthRuntime, "db">, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (toAppError(error).code !== "INTERNAL") throw error;
    await db.user.findFirst({ select: { id: true } });
    return read();
  }
}

async function actorOfSession(runtime: AuthRuntime, headers: Headers): Promise<Found> {
  if (!headers.has("cookie")) return refuse("Sign in, or send an API token as a bearer token.");
  const auth = await getAuth(runtime);
  const session = await knownCause(runtime, () => auth.api.getSession({ headers }));
  const user = session && (await runtime.db.user.findUnique({ where: { id: session.user.id } }));
  if (!user) return refuse("The session has ended. Sign in again.");
  if (user.disabledAt) return refuse("This account is disabled. Ask an administrator to enable it.");
  return {
    actor: { kind: "person", id: user.id, name: user.name, role: roleOf(user.role) },
    ownerId: user.id,
    mustChangePassword: user.mustChangePassword,
  };
}

async function actorOfToken(runtime: AuthRuntime, authorization: string, via: Channel): Promise<Found> {
  const secret = bearerOf(authorization);
  if (!secret) return refuse("The Authorization header must be `Bearer opk_…`.");
  const token = await checkToken(runtime, hashToken(secret));
  if (token instanceof AppError) return token;
  if (tokenRoleOf(token.role) === "ingest")
    return refuse("This API token only sends telemetry, to /api/ingest. Make one with another role for anything else.");
  const actor: Actor = {
    kind: via === "mcp" ? "agent" : "token",
    id: token.id,
    name: `${token.name} (token of ${token.owner.name})`,
    role: lesserRole(tokenRoleOf(token.role), roleOf(token.owner.role)),
  };
  // whoever knows the handed-over password has no token from it: making one is refused
  return { actor, ownerId: token.ownerId, mustChangePassword: false };
}
