import { describe, expect, it } from "vitest";
import { AREAS } from "../areas.ts";
import { isStaleAfter } from "./invalidation.ts";

const hint = (topic: string, subjectId: string | null = null) => [{ topic, subjectId }];

describe("isStaleAfter", () => {
  it.each([
    ["incidents.list", "incident", true],
    ["services.list", "incident", true],
    ["deploy.list", "incident", false],
    ["health.monitor", "health", true],
    ["services.get", "deployment", true],
    ["audit.list", "audit", true],
    ["services.list", "something-new", false],
  ])("%s after %s: %s", (path, topic, stale) => {
    expect(isStaleAfter([path.split("."), { input: {}, type: "query" }], hint(topic), AREAS)).toBe(stale);
  });

  it("leaves the page of one deployment alone when another one changed", () => {
    const key = [["deploy", "get"], { input: { deploymentId: "dep_1" }, type: "query" }];
    expect(isStaleAfter(key, hint("deployment", "dep_1"), AREAS)).toBe(true);
    expect(isStaleAfter(key, hint("deployment", "dep_2"), AREAS)).toBe(false);
    expect(isStaleAfter(key, hint("deployment"), AREAS)).toBe(true);
    expect(isStaleAfter(key, hint("service", "checkout/production"), AREAS)).toBe(true);
  });

  it("does not touch what is not a query of the router", () => {
    expect(isStaleAfter(["own-key"], hint("incident"), AREAS)).toBe(false);
  });
});
