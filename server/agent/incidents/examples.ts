import { AT_CHECKOUT } from "#server/testing/example-values.ts";
import type { ExamplesOf } from "#server/testing/examples.ts";

export const incidentExamples = {
  manage: { action: "create", title: "Checkout is slow", severity: "high" },
  get: { incidentId: "INC-1" },
  list: AT_CHECKOUT,
} satisfies ExamplesOf<"incidents">;
