import { AT_CHECKOUT, LAST_TEN_MINUTES } from "#server/testing/example-values.ts";
import type { ExamplesOf } from "#server/testing/examples.ts";

export const traceExamples = {
  list: { ...LAST_TEN_MINUTES, ...AT_CHECKOUT },
  facets: { ...LAST_TEN_MINUTES, service: "checkout" },
  get: { traceId: "0".repeat(32), service: "checkout" },
  map: { environment: "staging" },
} satisfies ExamplesOf<"traces">;
