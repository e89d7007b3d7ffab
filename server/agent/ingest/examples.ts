import type { ExamplesOf } from "#server/testing/examples.ts";

export const ingestExamples = {
  overview: {},
  services: undefined,
} satisfies ExamplesOf<"ingest">;
