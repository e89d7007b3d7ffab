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
import { paged, procedure, router } from "./trpc.ts";

const write = procedure.meta({ permission: "user.write" });

export const usersRouter = router({
  list: procedure
    .meta({ permission: "user.read" })
    .input(PageInput)
    .use(paged)
    .output(ListUsersOutput)
    .query(({ ctx, input }) => listUsers(ctx.agent, input)),
  create: write
    .input(CreateUserInput)
    .output(UserPasswordOutput)
    .mutation(({ ctx, input }) => createUser(ctx.agent, input)),
  setRole: write
    .input(SetRoleInput)
    .output(UserOutput)
    .mutation(({ ctx, input }) => setUserRole(ctx.agent, input)),
  setDisabled: write
    .input(SetDisabledInput)
    .output(UserOutput)
    .mutation(({ ctx, input }) => setUserDisabled(ctx.agent, input)),
  resetPassword: write
    .input(ResetPasswordInput)
    .output(UserPasswordOutput)
    .mutation(({ ctx, input }) => resetPassword(ctx.agent, input)),
});
