import type { Actor } from "../agent/kernel/actor.ts";
import type { AgentContext, Channel, Runtime } from "../agent/kernel/context.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { lesserRole } from "../agent/kernel/permissions.ts";
import { getAuth } from "./better-auth.ts";
import { requestIdOf } from "./request-id.ts";
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
  const requestId = requestIdOf(request.headers);
  const authorization = request.headers.get("authorization");
  const found =
    authorization !== null
      ? await actorOfToken(runtime, authorization, via)
      : via === "mcp"
        ? refuse("Send an API token as `Authorization: Bearer opk_…`. The console makes one under Settings, Tokens.")
        : await actorOfSession(runtime, request.headers);
  if (found instanceof AppError) return { agent: null, requestId, refusal: found };
  return { agent: { ...runtime, actor: found, via, requestId }, requestId, refusal: null };
}

/** As `identify`, for callers who need no reason. */
export const agentContextOf = async (runtime: Runtime, request: Request, via: Channel): Promise<AgentContext | null> =>
  (await identify(runtime, request, via)).agent;

async function actorOfSession(runtime: Runtime, headers: Headers): Promise<Actor | AppError> {
  if (!headers.has("cookie")) return refuse("Sign in, or send an API token as a bearer token.");
  const auth = await getAuth(runtime);
  const user = (await auth.api.getSession({ headers }))?.user;
  if (!user) return refuse("The session has ended. Sign in again.");
  if (user.disabledAt) return refuse("This account is disabled. Ask an administrator to enable it.");
  return { kind: "person", id: user.id, name: user.name, role: roleOf(user.role) };
}

async function actorOfToken(runtime: Runtime, authorization: string, via: Channel): Promise<Actor | AppError> {
  const secret = /^bearer\s+(\S+)$/i.exec(authorization)?.[1];
  if (!secret) return refuse("The Authorization header must be `Bearer opk_…`.");
  const token = await checkToken(runtime, hashToken(secret));
  if (token instanceof AppError) return token;
  if (tokenRoleOf(token.role) === "ingest")
    return refuse("This API token only sends telemetry, to /api/ingest. Make one with another role for anything else.");
  return {
    kind: via === "mcp" ? "agent" : "token",
    id: token.id,
    name: `${token.name} (token of ${token.owner.name})`,
    role: lesserRole(tokenRoleOf(token.role), roleOf(token.owner.role)),
  };
}
