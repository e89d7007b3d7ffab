import { AT_CHECKOUT, LAST_TEN_MINUTES } from "#server/testing/example-values.ts";
import type { ExamplesOf } from "#server/testing/examples.ts";

export const logExamples = {
  analyze: { ...LAST_TEN_MINUTES, ...AT_CHECKOUT },
  search: { ...LAST_TEN_MINUTES, ...AT_CHECKOUT },
  counts: { ...LAST_TEN_MINUTES, ...AT_CHECKOUT },
  context: { lineId: "1" },
  facets: LAST_TEN_MINUTES,
  updatePattern: { patternId: "1", pinned: true },
} satisfies ExamplesOf<"logs">;
