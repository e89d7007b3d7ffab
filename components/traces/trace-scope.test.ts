import { describe, expect, it } from "vitest";
import { ListTracesInput } from "#server/agent/traces/schema.ts";
import { exampleDurations, scopeOf, tracesHref } from "./trace-scope.ts";

const NONE = { service: null, operation: null, environment: null, version: null, min: null, max: null, errors: false };

describe("scopeOf", () => {
  it("asks for nothing that the URL does not say", () => {
    expect(scopeOf(NONE)).toEqual({});
  });

  it("is what the server takes, whatever the URL says", () => {
    const long = "x".repeat(5_000);
    const wild = { service: long, operation: long, environment: long, version: long, min: -1, max: 0, errors: true };
    const window = { startTime: "2026-11-25T11:00:00Z", endTime: "2026-11-25T12:00:00Z" };
    expect(scopeOf(wild)).toEqual({ onlyErrors: true });
    expect(ListTracesInput.safeParse({ ...window, ...scopeOf(wild) }).success).toBe(true);
  });
});

describe("tracesHref", () => {
  it("says only what is asked for", () => {
    expect(tracesHref({})).toBe("/traces");
    const window = { from: new Date("2026-11-25T11:00:00Z"), to: new Date("2026-11-25T12:00:00Z") };
    const href = tracesHref({ service: "checkout", environment: "production", min: 250, errors: true }, window);
    const query = new URL(href, "http://x").searchParams;
    expect(Object.fromEntries(query)).toEqual({
      service: "checkout",
      env: "production",
      min: "250",
      errors: "true",
      from: "2026-11-25T11:00:00.000Z",
      to: "2026-11-25T12:00:00.000Z",
    });
  });
});

describe("exampleDurations", () => {
  it("looks around a median, and from a high quantile upwards", () => {
    expect(exampleDurations("latencyP50Ms", 100)).toEqual({ min: 50, max: 150 });
    expect(exampleDurations("latencyP95Ms", 312.4)).toEqual({ min: 250, max: null });
  });
});
