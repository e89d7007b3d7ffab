import { defineWrite, performWrite } from "../../agent/kernel/perform.ts";
import { onlyPeople } from "../only-people.ts";
import { hashPassword, newOneTimePassword } from "../password/password.ts";
import { refuseTrivialPassword } from "../password/trivial-password.ts";
import type { ResetPasswordInput, UserView } from "../schema.ts";
import { replacePassword } from "./replace-password.ts";
import { getUser, toUserView } from "./store.ts";

/**
 * A new password for someone who lost theirs; without one given it is made and returned, this once. Their sessions
 * end, and with `revokeTokens` their API tokens too. @throws FORBIDDEN, NOT_FOUND.
 */
export const resetPassword = defineWrite(
  "user.write",
  (ctx, input: ResetPasswordInput): Promise<{ user: UserView; oneTimePassword: string | null }> => {
    const { userId, revokeTokens = false } = input;
    const target = { type: "user", id: userId };
    const write = {
      action: "user.reset_password",
      target,
      input: { userId, revokeTokens },
    } as const;
    return performWrite(ctx, write, async (tx) => {
      onlyPeople(ctx);
      const { id, email, name } = await getUser(tx, userId);
      if (input.password !== undefined) refuseTrivialPassword(input.password, { email, name });
      const oneTimePassword = input.password === undefined ? newOneTimePassword() : null;
      const passwordHash = await hashPassword(input.password ?? oneTimePassword ?? "");
      const { user, ended: after } = await replacePassword(tx, id, passwordHash, { revokeTokens, at: ctx.now() });
      return { result: { user: toUserView(user), oneTimePassword }, target, before: null, after };
    });
  },
);
