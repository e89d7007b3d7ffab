import type { ExamplesOf } from "#server/testing/examples.ts";

export const settingsExamples = {
  config: undefined,
  checkConfig: { text: "{}" },
} satisfies ExamplesOf<"settings">;
