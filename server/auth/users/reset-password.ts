import type { AgentContext } from "../../agent/kernel/context.ts";
import { newId } from "../../agent/kernel/ids.ts";
import { performWrite } from "../../agent/kernel/perform.ts";
import { onlyPeople } from "../only-people.ts";
import { hashPassword, newOneTimePassword } from "../password.ts";
import type { ResetPasswordInput, UserView } from "../schema.ts";
import { getUser, toUserView } from "./store.ts";

/**
 * A new password for someone who lost theirs; without one given it is made and returned, this once. Their sessions
 * end. @throws FORBIDDEN, NOT_FOUND.
 */
export function resetPassword(
  ctx: AgentContext,
  input: ResetPasswordInput,
): Promise<{ user: UserView; oneTimePassword: string | null }> {
  const { userId } = input;
  const target = { type: "user", id: userId };
  const write = { action: "user.reset_password", permission: "user.write", target, input: { userId } } as const;
  return performWrite(ctx, write, async (tx) => {
    onlyPeople(ctx);
    const { id } = await getUser(tx, userId);
    const oneTimePassword = input.password === undefined ? newOneTimePassword() : null;
    const password = await hashPassword(input.password ?? oneTimePassword ?? "");
    const changed = await tx.account.updateMany({
      where: { userId: id, providerId: "credential" },
      data: { password },
    });
    if (changed.count === 0)
      await tx.account.create({
        data: { id: newId("acc"), userId: id, accountId: id, providerId: "credential", password },
      });
    const user = await tx.user.update({ where: { id }, data: { mustChangePassword: true } });
    const ended = await tx.session.deleteMany({ where: { userId: id } });
    await ctx.audit.record(tx, ctx, { action: write.action, target, after: { sessionsEnded: ended.count } });
    return { user: toUserView(user), oneTimePassword };
  });
}
