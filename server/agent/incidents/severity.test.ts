import { expect, it } from "vitest";
import { deploymentSeverity, outageSeverity, raised } from "./severity.ts";

it.each([
  ["low", "medium"],
  ["medium", "high"],
  ["high", "critical"],
  ["critical", "critical"],
] as const)("one step up from %s is %s", (from, to) => expect(raised(from)).toBe(to));

it.each([
  ["checkout", "production", "critical"],
  [null, "production", "high"],
  [null, null, "high"],
  ["checkout", "staging", "medium"],
] as const)("%s down in %s is %s", (service, environment, severity) =>
  expect(outageSeverity({ service, environment }, ["production"])).toBe(severity),
);

it.each([
  ["production", true, "medium"],
  ["production", false, "high"],
  ["staging", true, "low"],
  ["staging", false, "medium"],
] as const)("a failed deployment in %s, rolled back %s, is %s", (environment, rolledBack, severity) =>
  expect(deploymentSeverity(environment, rolledBack, ["production"])).toBe(severity),
);
