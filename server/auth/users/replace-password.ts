import type { Tx } from "../../agent/kernel/context.ts";
import { newId } from "../../agent/kernel/ids.ts";
import type { User } from "../../db/generated/client.ts";

/** Sets a password that was handed over: it must be changed at once. Sessions end, and tokens when that is asked for. */
export async function replacePassword(
  tx: Tx,
  userId: string,
  passwordHash: string,
  { revokeTokens, at }: { revokeTokens: boolean; at: Date },
): Promise<{ user: User; ended: { sessionsEnded: number; revokedTokenCount: number } }> {
  const password = { password: passwordHash };
  const changed = await tx.account.updateMany({ where: { userId, providerId: "credential" }, data: password });
  if (changed.count === 0)
    await tx.account.create({
      data: { id: newId("acc"), userId, accountId: userId, providerId: "credential", ...password },
    });
  const user = await tx.user.update({ where: { id: userId }, data: { mustChangePassword: true } });
  const sessions = await tx.session.deleteMany({ where: { userId } });
  const tokens = revokeTokens
    ? await tx.apiToken.updateMany({ where: { ownerId: userId, revokedAt: null }, data: { revokedAt: at } })
    : { count: 0 };
  return { user, ended: { sessionsEnded: sessions.count, revokedTokenCount: tokens.count } };
}
