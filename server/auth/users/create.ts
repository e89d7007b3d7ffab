import { newId } from "../../agent/kernel/ids.ts";
import { defineWrite, performWrite } from "../../agent/kernel/perform.ts";
import { onlyPeople } from "../only-people.ts";
import { hashPassword, newOneTimePassword } from "../password/password.ts";
import { refuseTrivialPassword } from "../password/trivial-password.ts";
import type { CreateUserInput, UserView } from "../schema.ts";
import { insertUser, toUserView } from "./store.ts";

/**
 * A new person. Without a password one is made and returned, this once; either way they are asked to change it.
 * @throws FORBIDDEN, CONFLICT when the e-mail address is taken.
 */
export const createUser = defineWrite(
  "user.write",
  (ctx, input: CreateUserInput): Promise<{ user: UserView; oneTimePassword: string | null }> => {
    const { password, ...person } = input;
    const id = newId("usr");
    const target = { type: "user", id };
    const write = { action: "user.create", target, input: person } as const;
    return performWrite(ctx, write, async (tx) => {
      onlyPeople(ctx);
      if (password !== undefined) refuseTrivialPassword(password, person);
      const oneTimePassword = password === undefined ? newOneTimePassword() : null;
      const passwordHash = await hashPassword(password ?? oneTimePassword ?? "");
      const user = toUserView(await insertUser(tx, { ...person, id, passwordHash, mustChangePassword: true }));
      return { result: { user, oneTimePassword }, target, before: null, after: user };
    });
  },
);
