import type { z } from "zod";
import type { AgentContext } from "../../agent/kernel/context.ts";
import { authorize } from "../../agent/kernel/permissions.ts";
import type { PageInput } from "../../agent/kernel/schema.ts";
import type { ListTokensOutput } from "../schema.ts";
import { ownerIdOf, toTokenView } from "./store.ts";

/** One's own tokens, newest first; an administrator sees everyone's. @throws FORBIDDEN without token.write. */
export async function listTokens(
  ctx: AgentContext,
  input: z.infer<typeof PageInput>,
): Promise<z.infer<typeof ListTokensOutput>> {
  authorize(ctx, "token.write");
  const tokens = await ctx.db.apiToken.findMany({
    where: {
      ...(ctx.actor.role === "admin" ? {} : { ownerId: (await ownerIdOf(ctx, ctx.db)) ?? "" }),
      ...(input.cursor ? { id: { lt: input.cursor } } : {}),
    },
    include: { owner: true },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const items = tokens.slice(0, input.limit);
  return {
    items: items.map((token) => toTokenView(token, ctx.now())),
    nextCursor: tokens.length > items.length ? (items.at(-1)?.id ?? null) : null,
  };
}
