import { whoAmI } from "../auth/me.ts";
import { Me } from "../auth/schema.ts";
import { procedure, router } from "./trpc.ts";

export const sessionRouter = router({
  me: procedure
    .meta({ permission: "signed-in", beforePasswordChange: true })
    .output(Me)
    .query(({ ctx }) => whoAmI(ctx.agent)),
});
