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
import { paged, procedure, router } from "./trpc.ts";

const own = procedure.meta({ permission: "token.write" });

export const tokensRouter = router({
  list: own
    .input(PageInput)
    .use(paged)
    .output(ListTokensOutput)
    .query(({ ctx, input }) => listTokens(ctx.agent, input)),
  create: own
    .input(CreateTokenInput)
    .output(CreateTokenOutput)
    .mutation(({ ctx, input }) => createToken(ctx.agent, input)),
  revoke: own
    .input(RevokeTokenInput)
    .output(TokenOutput)
    .mutation(({ ctx, input }) => revokeToken(ctx.agent, input)),
});
