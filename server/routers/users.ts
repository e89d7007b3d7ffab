import { PageInput } from "../agent/kernel/schema.ts";
import {
  CreateUserInput,
  ListUsersOutput,
  ResetPasswordInput,
  SetDisabledInput,
  SetRoleInput,
  UserOutput,
  UserPasswordOutput,
} from "../auth/schema.ts";
import { createUser } from "../auth/users/create.ts";
import { listUsers } from "../auth/users/list.ts";
import { resetPassword } from "../auth/users/reset-password.ts";
import { setUserDisabled } from "../auth/users/set-disabled.ts";
import { setUserRole } from "../auth/users/set-role.ts";
import { paged, procedure, router, writes } from "./trpc.ts";

export const usersRouter = router({
  list: procedure
    .meta({ permission: "user.read" })
    .input(PageInput)
    .use(paged)
    .output(ListUsersOutput)
    .query(({ ctx, input }) => listUsers(ctx.agent, input)),
  create: writes(createUser)
    .input(CreateUserInput)
    .output(UserPasswordOutput)
    .mutation(({ ctx, input }) => ctx.write(input)),
  setRole: writes(setUserRole)
    .input(SetRoleInput)
    .output(UserOutput)
    .mutation(({ ctx, input }) => ctx.write(input)),
  setDisabled: writes(setUserDisabled)
    .input(SetDisabledInput)
    .output(UserOutput)
    .mutation(({ ctx, input }) => ctx.write(input)),
  resetPassword: writes(resetPassword)
    .input(ResetPasswordInput)
    .output(UserPasswordOutput)
    .mutation(({ ctx, input }) => ctx.write(input)),
});
