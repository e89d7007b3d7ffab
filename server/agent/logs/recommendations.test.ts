import { describe, expect, it } from "vitest";
import type { RollbackState } from "../deploy/index.ts";
import { parseQuery } from "./query-language.ts";
import { type ExplainedAnomaly, recommend } from "./recommendations.ts";

const WINDOW = { from: "2026-11-25T10:00:00.000Z", to: "2026-11-25T11:00:00.000Z" };
const AT = Date.parse("2026-11-25T10:20:00Z");

const anomaly = (given: Partial<ExplainedAnomaly>): ExplainedAnomaly => ({
  ...{ kind: "new", severity: "warning", atMs: AT, patternId: "7", template: "payment refused", level: "error" },
  ...{ service: "checkout", environment: "prod", sentence: "", evidence: {}, score: 1, deployment: null },
  ...given,
});
const rollbacks = (change: Partial<RollbackState> = {}) =>
  new Map<string, RollbackState>([["dep/1", { possible: true, status: "succeeded", isUndone: false, ...change }]]);
const deployment = { id: "dep/1", version: "1.1.0", at: WINDOW.from, sentence: "" };
const place = { service: "checkout", environment: "prod" };

describe("recommendations", () => {
  it("compare and roll back the deployment that something bad began with, once", () => {
    const found = recommend(
      [
        anomaly({ deployment }),
        anomaly({ kind: "error-ratio", patternId: null, deployment }),
        anomaly({ patternId: "8", deployment }),
      ],
      WINDOW,
      rollbacks(),
    );
    expect(found).toEqual([
      {
        sentence: "Compare 1.1.0 of checkout in prod with the version before it: this began when it was deployed.",
        tool: "compare_versions",
        arguments: { ...place, candidate: "1.1.0" },
        href: "/compare?service=checkout&environment=prod&candidate=1.1.0",
      },
      {
        sentence: "If 1.1.0 is to blame, roll checkout in prod back to the version before it.",
        tool: "decide_deployment",
        arguments: { deploymentId: "dep/1", decision: "rollback" },
        href: "/deployments/dep%2F1",
      },
    ]);
  });

  it.each<[Partial<RollbackState>, string]>([
    [{ status: "rolled_back", isUndone: true }, "was rolled back already"],
    [{ isUndone: true }, "was rolled back already"],
    [{ status: "rolling_back" }, "is being rolled back already"],
    [{}, "cannot be rolled back now"],
  ])("do not roll back what cannot be: %o", (state, words) => {
    const found = recommend([anomaly({ deployment })], WINDOW, rollbacks({ possible: false, ...state }));
    expect(found.map(({ tool }) => tool)).toEqual(["compare_versions", "get_deployment"]);
    expect(found[1]).toMatchObject({
      sentence: `dep/1, which brought 1.1.0 of checkout in prod, ${words}. See how it stands.`,
      arguments: { deploymentId: "dep/1" },
    });
  });

  it.each<[string, Partial<ExplainedAnomaly>, string, Record<string, unknown>, string]>([
    [
      "a pattern: its lines",
      { kind: "burst" },
      "search_logs",
      { startTime: WINDOW.from, endTime: WINDOW.to, query: "pattern:7", ...place },
      "/logs?service=checkout&env=prod&from=2026-11-25T10%3A00%3A00.000Z&to=2026-11-25T11%3A00%3A00.000Z&query=pattern%3A7&tab=lines",
    ],
    ["a heartbeat that is gone: the health", { kind: "vanished", level: "info" }, "monitor_health", place, "/health"],
    [
      "an error ratio: what failed since",
      { kind: "error-ratio", patternId: null },
      "analyze_logs",
      { startTime: "2026-11-25T10:20:00.000Z", endTime: WINDOW.to, logLevel: "error", ...place },
      "/logs?service=checkout&env=prod&from=2026-11-25T10%3A20%3A00.000Z&to=2026-11-25T11%3A00%3A00.000Z&level=error",
    ],
    [
      "a broken sequence: one of its traces",
      { kind: "broken-sequence", evidence: { exampleTraceId: "ab12" } },
      "get_trace",
      { traceId: "ab12" },
      "/traces/ab12",
    ],
    [
      "a warning that a deployment brought: its lines",
      { level: "warn", deployment },
      "search_logs",
      { startTime: WINDOW.from, endTime: WINDOW.to, query: "pattern:7", ...place },
      "/logs?service=checkout&env=prod&from=2026-11-25T10%3A00%3A00.000Z&to=2026-11-25T11%3A00%3A00.000Z&query=pattern%3A7&tab=lines",
    ],
  ])("go on from %s", (_, given, tool, args, href) => {
    expect(recommend([anomaly(given)], WINDOW, rollbacks())).toMatchObject([{ tool, arguments: args, href }]);
  });

  it("name a query that can be read", () => {
    const [found] = recommend([anomaly({ patternId: 'a "b"' })], WINDOW, rollbacks());
    expect(parseQuery(String(found?.arguments?.query))).toEqual({ patternId: 'a "b"', terms: [] });
  });

  it("are none where nothing follows, and eight at most", () => {
    expect(recommend([], WINDOW, rollbacks())).toEqual([]);
    expect(recommend([anomaly({ severity: "info" })], WINDOW, rollbacks())).toEqual([]);
    const many = Array.from({ length: 20 }, (_, i) => anomaly({ patternId: String(i) }));
    expect(recommend(many, WINDOW, rollbacks()).map(({ arguments: args }) => args?.query)).toEqual(
      Array.from({ length: 8 }, (_, i) => `pattern:${i}`),
    );
  });

  it("leave out what the sender did not say", () => {
    expect(recommend([anomaly({ kind: "vanished", service: "", environment: "" })], WINDOW, rollbacks())).toMatchObject(
      [{ sentence: 'Check the health of an unnamed service: it no longer says "payment refused".', arguments: {} }],
    );
  });
});
