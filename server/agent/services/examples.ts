import { AT_CHECKOUT } from "#server/testing/example-values.ts";
import type { ExamplesOf } from "#server/testing/examples.ts";

export const serviceExamples = {
  list: { environment: "staging" },
  get: AT_CHECKOUT,
  instanceLogs: { ...AT_CHECKOUT, instanceId: "i-1" },
} satisfies ExamplesOf<"services">;
