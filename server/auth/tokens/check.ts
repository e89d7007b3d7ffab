import { clockWasSetBack } from "../../agent/kernel/clock.ts";
import type { Runtime } from "../../agent/kernel/context.ts";
import { AppError } from "../../agent/kernel/errors.ts";
import type { ApiToken, User } from "../../db/generated/client.ts";

const TOUCH_EVERY_MS = 60_000;

/** The token of a hash with its owner, its use noted; or why it counts for nothing, for whoever holds it. */
export async function checkToken(
  { db, now }: Pick<Runtime, "db" | "now">,
  hash: string,
): Promise<(ApiToken & { owner: User }) | AppError> {
  const refuse = (message: string) => new AppError("UNAUTHENTICATED", message);
  const token = await db.apiToken.findUnique({ where: { hash }, include: { owner: true } });
  if (!token) return refuse("This API token is not known. Make a new one under Settings, Tokens.");
  if (token.revokedAt) return refuse("This API token was revoked. Make a new one under Settings, Tokens.");
  const at = now();
  if (token.expiresAt <= at)
    return refuse(`This API token expired on ${token.expiresAt.toISOString().slice(0, 10)}. Make a new one.`);
  if (token.owner.disabledAt) return refuse("The account that owns this API token is disabled.");
  const used = token.lastUsedAt;
  if (!used || clockWasSetBack(used, at) || at.getTime() - used.getTime() >= TOUCH_EVERY_MS)
    await db.apiToken.updateMany({ where: { id: token.id }, data: { lastUsedAt: at } });
  return token;
}
