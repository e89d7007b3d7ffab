import type { ExamplesOf } from "#server/testing/examples.ts";

export const auditExamples = {
  list: {},
} satisfies ExamplesOf<"audit">;
