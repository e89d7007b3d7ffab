import type { z } from "zod";
import { defineWrite, performWrite, unchanged } from "../kernel/perform.ts";
import type { UpdatePatternInput, UpdatePatternOutput } from "./schema.ts";
import { lockPattern, type PatternSettings, savePattern } from "./store.ts";

const action = "log_pattern.update";

/**
 * What a person says about a pattern: its name, pinned, ignored, when it opens an incident. Fields left out stay as
 * they are; of a pattern that was merged into another, that one is changed.
 * @throws FORBIDDEN, NOT_FOUND
 */
export const updatePattern = defineWrite(
  "telemetry.write",
  async (ctx, input: z.output<typeof UpdatePatternInput>): Promise<UpdatePatternOutput> => {
    const target = { type: "log-pattern", id: input.patternId };
    const pattern = await performWrite(ctx, { action, target, input }, async (tx) => {
      const before = await lockPattern(tx, input.patternId);
      const after = changed(before, input);
      if (JSON.stringify(saidOf(before)) === JSON.stringify(saidOf(after))) return unchanged(before);
      await savePattern(tx, after);
      return {
        result: after,
        target: { ...target, id: after.id },
        before: saidOf(before),
        after: saidOf(after),
      };
    });
    return { pattern };
  },
);

const saidOf = ({ name, pinned, ignored, alert }: PatternSettings) => ({
  ...{ name, pinned, ignored },
  alert: alert && { count: alert.count, minutes: alert.minutes, severity: alert.severity },
});

function changed(before: PatternSettings, input: z.output<typeof UpdatePatternInput>): PatternSettings {
  const { name = before.name, pinned = before.pinned, ignored = before.ignored, alert = before.alert } = input;
  return { ...before, pinned, ignored, alert, name: name || null };
}
