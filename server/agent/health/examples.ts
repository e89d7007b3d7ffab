import { AT_CHECKOUT } from "#server/testing/example-values.ts";
import type { ExamplesOf } from "#server/testing/examples.ts";

export const healthExamples = {
  monitor: AT_CHECKOUT,
  history: { targetId: "service:checkout:staging" },
  setMaintenance: { targetId: "service:checkout:staging", minutes: 30, reason: "move" },
  setMuted: { targetId: "service:checkout:staging", muted: true },
} satisfies ExamplesOf<"health">;
