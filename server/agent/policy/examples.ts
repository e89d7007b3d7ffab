import { AT_CHECKOUT } from "#server/testing/example-values.ts";
import type { ExamplesOf } from "#server/testing/examples.ts";

export const policyExamples = {
  policy: AT_CHECKOUT,
  lock: { ...AT_CHECKOUT, reason: "inventory" },
  unlock: AT_CHECKOUT,
} satisfies ExamplesOf<"deploy">;
