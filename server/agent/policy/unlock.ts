import type { z } from "zod";
import { catalogOf } from "../catalog/catalog.ts";
import { type Change, defineWrite, performWrite, unchanged } from "../kernel/perform.ts";
import type { ServiceRefInput } from "../kernel/schema.ts";
import type { UnlockOutput } from "./schema.ts";
import { deleteLock } from "./store-locks.ts";

type Unlocked = z.output<typeof UnlockOutput>;

/** Takes a lock away, whoever put it there. Nothing happens where none is. @throws FORBIDDEN without deployment.write, NOT_FOUND */
export const unlockService = defineWrite(
  "deployment.write",
  async (ctx, input: z.output<typeof ServiceRefInput>): Promise<Unlocked> => {
    const target = { type: "service", id: `${input.service}/${input.environment}` };
    const write = { action: "deployment.unlock", target, input } as const;
    return performWrite(ctx, write, async (tx): Promise<Change<Unlocked>> => {
      catalogOf(ctx.config).getService(input);
      const removed = await deleteLock(tx, input);
      if (!removed) return unchanged({ removed });
      await ctx.live.publish(tx, "service", target.id);
      return { result: { removed }, target, before: removed, after: null };
    });
  },
);
