import type { z } from "zod";
import { catalogOf } from "../catalog/catalog.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { defineWrite, performWrite, unchanged } from "../kernel/perform.ts";
import type { LockInput, LockView } from "./schema.ts";
import { findLock, insertLock } from "./store-locks.ts";

/**
 * Locks a service in an environment: nothing is deployed there until it is unlocked; a deployment that runs goes on.
 * The same lock by the same person again is the same lock.
 * @throws FORBIDDEN without deployment.write, NOT_FOUND, CONFLICT (`details.lock`) when it is locked already.
 */
export const lockService = defineWrite(
  "deployment.write",
  async (ctx, input: z.output<typeof LockInput>): Promise<LockView> => {
    const { service, environment, reason } = input;
    const target = { type: "service", id: `${service}/${environment}` };
    const write = { action: "deployment.lock", target, input } as const;
    return performWrite(ctx, write, async (tx) => {
      catalogOf(ctx.config).getService(input);
      const made = await insertLock(tx, input, reason, ctx.actor, ctx.now());
      if (!made) return unchanged(sameOrRefused(ctx, await findLock(tx, input), input));
      await ctx.live.publish(tx, "service", target.id);
      return { result: made, target, before: null, after: made };
    });
  },
);

function sameOrRefused({ actor }: AgentContext, lock: LockView | null, asked: z.output<typeof LockInput>): LockView {
  if (lock && lock.by.id === actor.id && lock.by.kind === actor.kind && lock.reason === asked.reason) return lock;
  const where = `${asked.service} in ${asked.environment}`;
  throw new AppError(
    "CONFLICT",
    lock
      ? `${where} is already locked by ${lock.by.name}: ${lock.reason}. Unlock it first to lock it for another reason.`
      : `${where} was unlocked a moment ago. Try again.`,
    { details: { lock } },
  );
}
