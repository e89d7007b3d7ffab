import { describe, expect, it } from "vitest";
import { AnalyzeLogsInput } from "#server/agent/logs/schema.ts";
import { scopeOf, windowInput } from "./log-scope.ts";

const nothing = { query: null, service: null, level: null, environment: null };
const window = windowInput({ from: new Date("2026-11-25T10:00:00Z"), to: new Date("2026-11-25T11:00:00Z") });

describe("scopeOf", () => {
  it.each([
    ["nothing", nothing, {}],
    [
      "everything",
      { query: " timeout ", service: "checkout", level: "warn", environment: "production" },
      { query: "timeout", service: "checkout", logLevel: "warn", environment: "production" },
    ],
    [
      "a level that is none, blanks, a name beyond all names",
      { ...nothing, level: "loud", query: "  ", service: "x".repeat(201), environment: "x".repeat(41) },
      {},
    ],
    [
      "a name as long as a sender from elsewhere may have",
      { ...nothing, service: "x".repeat(200) },
      { service: "x".repeat(200) },
    ],
  ])("of %s", (_name, url, scope) => {
    expect(scopeOf(url)).toEqual(scope);
    expect(AnalyzeLogsInput.safeParse({ ...window, ...scope }).success).toBe(true);
  });

  it("cuts a query at what the server takes", () => {
    const scope = scopeOf({ ...nothing, query: "x".repeat(5_000) });
    expect(AnalyzeLogsInput.safeParse({ ...window, ...scope }).success).toBe(true);
  });
});
