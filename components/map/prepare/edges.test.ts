import { describe, expect, it } from "vitest";
import { formatErrors, formatFailed } from "../../lib/format.ts";
import { callsOf, kindOf, type MapEdge, widthOf } from "./edges.ts";

const edge = (more: Partial<MapEdge>): MapEdge => ({
  ...{
    from: "a",
    to: "b",
    seen: true,
    configured: false,
    requestsPerSecond: 1,
    overSeconds: null,
    errorPercent: 0,
    p95Ms: 10,
    requests: 900,
  },
  ...more,
});

describe("kindOf", () => {
  it.each([
    [{ errorPercent: 0 }, "calls"],
    [{ errorPercent: 5 }, "failing"],
    [{ errorPercent: 0.5 }, "calls"],
    [{ errorPercent: 10, requests: 10 }, "failing"],
    [{ errorPercent: 100, requests: 1 }, "failing"],
    [{ errorPercent: 0, requests: 1 }, "calls"],
    [{ errorPercent: null }, "calls"],
    [{ seen: false, requestsPerSecond: null, errorPercent: null, requests: 0 }, "unseen"],
  ] as const)("%j is %s", (more, kind) => {
    expect(kindOf(edge(more))).toBe(kind);
  });

  it("takes three failures of thirty for a share, and says two of twenty as what they are", () => {
    const [judged, few] = [edge({ errorPercent: 10, requests: 30 }), edge({ errorPercent: 10, requests: 20 })];
    expect([formatErrors(judged), formatErrors(few)]).toEqual(["10\u00a0%", "2\u00a0of\u00a020\u00a0failed"]);
    expect(formatFailed(edge({ errorPercent: 100, requests: 1 })).replaceAll("\u00a0", " ")).toBe(
      "too few requests to judge: 1 of 1 failed",
    );
  });
});

describe("widthOf", () => {
  it("grows by equal steps for equal ratios, within bounds", () => {
    const [one, ten, hundred] = [widthOf(1), widthOf(10), widthOf(100)];
    expect(ten - one).toBeCloseTo(hundred - ten, 1);
    expect([widthOf(null), widthOf(0), widthOf(1e-9), widthOf(1e9)]).toEqual([1.25, 1.25, 1.25, 6]);
  });
});

describe("callsOf", () => {
  it("tells callers from called, busiest first", () => {
    const edges = [
      edge({ from: "a", to: "b", requests: 1 }),
      edge({ from: "a", to: "c", requests: 5 }),
      edge({ from: "c", to: "a" }),
    ];
    expect(callsOf(edges, "a")).toMatchObject({ to: [{ to: "c" }, { to: "b" }], from: [{ from: "c" }] });
  });
});
