import { AT_CHECKOUT, LAST_TEN_MINUTES } from "#server/testing/example-values.ts";
import type { ExamplesOf } from "#server/testing/examples.ts";

export const deployExamples = {
  start: { ...AT_CHECKOUT, version: "1.1.0" },
  decide: { deploymentId: "dep_none", decision: "rollback" },
  rollback: AT_CHECKOUT,
  get: { deploymentId: "dep_none" },
  detail: { deploymentId: "dep_none" },
  series: { deploymentId: "dep_none" },
  starts: { ...AT_CHECKOUT, ...LAST_TEN_MINUTES },
  list: AT_CHECKOUT,
  facets: AT_CHECKOUT,
  goodVersions: AT_CHECKOUT,
  compare: AT_CHECKOUT,
  dora: AT_CHECKOUT,
} satisfies ExamplesOf<"deploy">;
