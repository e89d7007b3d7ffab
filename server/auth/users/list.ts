import type { z } from "zod";
import type { AgentContext } from "../../agent/kernel/context.ts";
import { authorize } from "../../agent/kernel/permissions.ts";
import type { PageInput } from "../../agent/kernel/schema.ts";
import type { ListUsersOutput } from "../schema.ts";
import { toUserView } from "./store.ts";

/** Everyone, oldest account first. @throws FORBIDDEN without user.read. */
export async function listUsers(
  ctx: AgentContext,
  input: z.infer<typeof PageInput>,
): Promise<z.infer<typeof ListUsersOutput>> {
  authorize(ctx, "user.read");
  const users = await ctx.db.user.findMany({
    where: input.cursor ? { id: { gt: input.cursor } } : {},
    orderBy: { id: "asc" },
    take: input.limit + 1,
  });
  const items = users.slice(0, input.limit);
  return { items: items.map(toUserView), nextCursor: users.length > items.length ? (items.at(-1)?.id ?? null) : null };
}
