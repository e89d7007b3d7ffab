import { AT_CHECKOUT, LAST_TEN_MINUTES } from "#server/testing/example-values.ts";
import type { ExamplesOf } from "#server/testing/examples.ts";

export const metricExamples = {
  list: { service: "checkout" },
  labels: { metric: "up" },
  labelValues: { metric: "up", label: "job" },
  query: { ...LAST_TEN_MINUTES, ...AT_CHECKOUT, metric: "up" },
  signals: { ...LAST_TEN_MINUTES, ...AT_CHECKOUT },
} satisfies ExamplesOf<"metrics">;
