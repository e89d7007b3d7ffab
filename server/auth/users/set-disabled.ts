import { defineWrite, performWrite } from "../../agent/kernel/perform.ts";
import { onlyPeople } from "../only-people.ts";
import type { SetDisabledInput, UserView } from "../schema.ts";
import { getUser, keepAnAdministrator, lockAdministrators, toUserView } from "./store.ts";

/**
 * Shuts a person out, or lets them in again. Their sessions end in the same transaction and their tokens are refused
 * while they are disabled. @throws FORBIDDEN, NOT_FOUND, PRECONDITION when it would leave no administrator.
 */
export const setUserDisabled = defineWrite(
  "user.write",
  (ctx, input: SetDisabledInput): Promise<{ user: UserView }> => {
    const target = { type: "user", id: input.userId };
    const action = input.disabled ? "user.disable" : "user.enable";
    return performWrite(ctx, { action, target, input }, async (tx) => {
      onlyPeople(ctx);
      await lockAdministrators(tx);
      const before = await getUser(tx, input.userId);
      if (input.disabled) await keepAnAdministrator(tx, before);
      const disabledAt = input.disabled ? (before.disabledAt ?? ctx.now()) : null;
      const after = toUserView(await tx.user.update({ where: { id: before.id }, data: { disabledAt } }));
      const ended = input.disabled ? await tx.session.deleteMany({ where: { userId: before.id } }) : { count: 0 };
      return {
        result: { user: after },
        target,
        before: { disabledAt: before.disabledAt },
        after: { disabledAt: after.disabledAt, sessionsEnded: ended.count },
      };
    });
  },
);
