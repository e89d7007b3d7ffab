import type { Actor } from "../agent/kernel/actor.ts";
import type { AgentContext, Channel, Runtime } from "../agent/kernel/context.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { lesserRole } from "../agent/kernel/permissions.ts";
import { getAuth } from "./better-auth.ts";
import { clientRequestId, newRequestId } from "./request-id.ts";
import { roleOf, tokenRoleOf } from "./role.ts";
import { checkToken } from "./tokens/check.ts";
import { hashToken } from "./tokens/secret.ts";

/** Who asks, or why nobody may: `refusal` is UNAUTHENTICATED with a message for whoever holds the token. */
export interface Identified {
  agent: AgentContext | null;
  requestId: string;
  refusal: AppError | null;
}

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
  // a copy: work that lasts asks again when the request's own headers may be gone
  const headers = new Headers(request.headers);
  const find = async (): Promise<Found | AppError> => {
    if (authorization !== null) return actorOfToken(runtime, authorization, via);
    if (via === "mcp")
      return refuse(
        "Send an API token as `Authorization: Bearer opk_…`. The console makes one under Settings, Tokens.",
      );
    return actorOfSession(runtime, headers);
  };
  const found = await find();
  if (found instanceof AppError) return { agent: null, requestId, refusal: found };
  const recheck = async () => {
    const now = await find();
    return now instanceof AppError ? now : now.actor;
  };
  return {
    agent: { ...runtime, ...found, via, requestId, clientRequestId: fromClient, recheck },
    requestId,
    refusal: null,
  };
}

interface Found {
  actor: Actor;
  mustChangePassword: boolean;
}

/** As `identify`, for callers who need no reason. */
export const agentContextOf = async (runtime: Runtime, request: Request, via: Channel): Promise<AgentContext | null> =>
  (await identify(runtime, request, via)).agent;

async function actorOfSession(runtime: Runtime, headers: Headers): Promise<Found | AppError> {
  if (!headers.has("cookie")) return refuse("Sign in, or send an API token as a bearer token.");
  const auth = await getAuth(runtime);
  const session = await auth.api.getSession({ headers });
  const user = session && (await runtime.db.user.findUnique({ where: { id: session.user.id } }));
  if (!user) return refuse("The session has ended. Sign in again.");
  if (user.disabledAt) return refuse("This account is disabled. Ask an administrator to enable it.");
  return {
    actor: { kind: "person", id: user.id, name: user.name, role: roleOf(user.role) },
    mustChangePassword: user.mustChangePassword,
  };
}

async function actorOfToken(runtime: Runtime, authorization: string, via: Channel): Promise<Found | AppError> {
  const secret = /^bearer\s+(\S+)$/i.exec(authorization)?.[1];
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
  return { actor, mustChangePassword: false };
}
