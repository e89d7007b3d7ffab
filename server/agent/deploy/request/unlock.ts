import type { z } from "zod";
import type { AgentContext } from "../../kernel/context.ts";
import { type Change, performWrite, unchanged } from "../../kernel/perform.ts";
import { resolveService } from "../plan/plan.ts";
import { deleteLock } from "../record/store-locks.ts";
import type { ServiceRefInput, UnlockOutput } from "../schema.ts";

type Unlocked = z.output<typeof UnlockOutput>;

/** Takes a lock away, whoever put it there. Nothing happens where none is. @throws FORBIDDEN without deployment.write, NOT_FOUND */
export async function unlockService(ctx: AgentContext, input: z.output<typeof ServiceRefInput>): Promise<Unlocked> {
  const target = { type: "service", id: `${input.service}/${input.environment}` };
  const write = { action: "deployment.unlock", permission: "deployment.write", target, input } as const;
  return performWrite(ctx, write, async (tx): Promise<Change<Unlocked>> => {
    resolveService(ctx.config, input);
    const removed = await deleteLock(tx, input);
    if (!removed) return unchanged({ removed });
    await ctx.live.publish(tx, "service", target.id);
    return { result: { removed }, target, before: removed, after: null };
  });
}
