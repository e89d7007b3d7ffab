import { PageInput } from "../agent/kernel/schema.ts";
import {
  CreateTokenInput,
  CreateTokenOutput,
  ListTokensOutput,
  RevokeTokenInput,
  TokenOutput,
} from "../auth/schema.ts";
import { createToken } from "../auth/tokens/create.ts";
import { listTokens } from "../auth/tokens/list.ts";
import { revokeToken } from "../auth/tokens/revoke.ts";
import { paged, procedure, router, writes } from "./trpc.ts";

export const tokensRouter = router({
  list: procedure
    .meta({ permission: "token.write" })
    .input(PageInput)
    .use(paged)
    .output(ListTokensOutput)
    .query(({ ctx, input }) => listTokens(ctx.agent, input)),
  create: writes(createToken)
    .input(CreateTokenInput)
    .output(CreateTokenOutput)
    .mutation(({ ctx, input }) => ctx.write(input)),
  revoke: writes(revokeToken)
    .input(RevokeTokenInput)
    .output(TokenOutput)
    .mutation(({ ctx, input }) => ctx.write(input)),
});
