import { defineWrite, performWrite } from "../../agent/kernel/perform.ts";
import { onlyPeople } from "../only-people.ts";
import type { SetRoleInput, UserView } from "../schema.ts";
import { getUser, keepAnAdministrator, lockAdministrators, toUserView } from "./store.ts";

/**
 * Gives a person another role; it holds from their next request on, for their tokens too.
 * @throws FORBIDDEN, NOT_FOUND, PRECONDITION when it would leave no administrator.
 */
export const setUserRole = defineWrite("user.write", (ctx, input: SetRoleInput): Promise<{ user: UserView }> => {
  const target = { type: "user", id: input.userId };
  const write = { action: "user.set_role", target, input } as const;
  return performWrite(ctx, write, async (tx) => {
    onlyPeople(ctx);
    await lockAdministrators(tx);
    const before = await getUser(tx, input.userId);
    if (input.role !== "admin") await keepAnAdministrator(tx, before);
    const after = await tx.user.update({ where: { id: before.id }, data: { role: input.role } });
    return {
      result: { user: toUserView(after) },
      target,
      before: { role: before.role },
      after: { role: after.role },
    };
  });
});
