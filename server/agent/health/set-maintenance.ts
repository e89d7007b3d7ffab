import type { z } from "zod";
import { defineWrite, performWrite } from "../kernel/perform.ts";
import { recordOnTimeline } from "../timeline/index.ts";
import { viewTarget } from "./read/views.ts";
import { changeEvent } from "./record/change-event.ts";
import { publishTarget } from "./record/publish.ts";
import { lockTarget, saveTarget } from "./record/store.ts";
import { resultKey } from "./record/store-results.ts";
import type { HealthState, HealthTargetView, SetMaintenanceInput } from "./schema.ts";

/**
 * Starts, extends or (0 minutes) ends maintenance. It counts from now on for the shown state, and from the next check
 * on for history. @throws FORBIDDEN, NOT_FOUND
 */
export const setMaintenance = defineWrite(
  "health.write",
  async (ctx, input: z.infer<typeof SetMaintenanceInput>): Promise<HealthTargetView> => {
    const action = "health.maintenance";
    const target = { type: "health-target", id: input.targetId };
    await performWrite(ctx, { action, target, input }, async (tx) => {
      const before = await lockTarget(tx, input.targetId);
      const at = ctx.now();
      const begins = input.minutes > 0;
      const maintenanceUntil = begins ? new Date(at.getTime() + input.minutes * 60_000) : null;
      const to = begins ? "maintenance" : before.state === "maintenance" ? "unknown" : (before.state as HealthState);
      if (to === before.state) await saveTarget(tx, before.id, { maintenanceUntil });
      else {
        const anew = { consecutiveFailures: 0, consecutiveSuccesses: 0, causedBy: null };
        await saveTarget(tx, before.id, { maintenanceUntil, state: to, stateSince: at, ...anew });
        const { id: targetId, flapping } = before;
        const key = resultKey(targetId, at.toISOString());
        const from = before.state as HealthState;
        const change = { key, targetId, at, from, to, causedBy: null, message: input.reason, flapping } as const;
        await recordOnTimeline(tx, changeEvent(before, change, undefined));
      }
      await publishTarget(ctx, tx, before);
      return {
        result: undefined,
        target,
        before: { maintenanceUntil: before.maintenanceUntil },
        after: { maintenanceUntil },
        reason: input.reason,
      };
    });
    return await viewTarget(ctx, input.targetId);
  },
);
