import type { z } from "zod";
import { defineWrite, performWrite, unchanged } from "../kernel/perform.ts";
import { viewTarget } from "./read/views.ts";
import { publishTarget } from "./record/publish.ts";
import { lockTarget, saveTarget } from "./record/store.ts";
import type { HealthTargetView, SetMutedInput } from "./schema.ts";

/** A muted target is checked and shown, but pages nobody and leaves the overall state alone. @throws FORBIDDEN, NOT_FOUND */
export const setMuted = defineWrite(
  "health.write",
  async (ctx, input: z.infer<typeof SetMutedInput>): Promise<HealthTargetView> => {
    const action = input.muted ? "health.mute" : "health.unmute";
    const target = { type: "health-target", id: input.targetId };
    await performWrite(ctx, { action, target, input }, async (tx) => {
      const before = await lockTarget(tx, input.targetId);
      if (before.muted === input.muted) return unchanged(undefined);
      await saveTarget(tx, before.id, { muted: input.muted });
      await publishTarget(ctx, tx, before);
      return { result: undefined, target, before: { muted: before.muted }, after: { muted: input.muted } };
    });
    return await viewTarget(ctx, input.targetId);
  },
);
