import type { AgentContext, Db, Tx } from "../../agent/kernel/context.ts";
import type { ApiToken, User } from "../../db/generated/client.ts";
import { tokenRoleOf } from "../role.ts";
import type { TokenView } from "../schema.ts";

type OwnedToken = ApiToken & { owner: Pick<User, "id" | "name" | "disabledAt"> };

const stateOf = (token: OwnedToken, now: Date): TokenView["state"] => {
  if (token.revokedAt) return "revoked";
  if (token.expiresAt <= now) return "expired";
  return token.owner.disabledAt ? "owner disabled" : "active";
};

export const toTokenView = (token: OwnedToken, now: Date): TokenView => ({
  id: token.id,
  name: token.name,
  role: tokenRoleOf(token.role),
  prefix: token.prefix,
  owner: { id: token.owner.id, name: token.owner.name },
  createdAt: token.createdAt.toISOString(),
  expiresAt: token.expiresAt.toISOString(),
  lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
  revokedAt: token.revokedAt?.toISOString() ?? null,
  state: stateOf(token, now),
  services: token.services,
});

/** The person behind an actor: themselves, or whose token it is; null for jobs. */
export async function ownerIdOf(ctx: AgentContext, db: Db | Tx): Promise<string | null> {
  if (ctx.actor.kind === "person") return ctx.actor.id;
  const token = await db.apiToken.findUnique({ where: { id: ctx.actor.id }, select: { ownerId: true } });
  return token?.ownerId ?? null;
}
