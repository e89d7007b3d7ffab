import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HealthState } from "../health/schema.ts";
import { bucketOf, emptyHistogram } from "../telemetry/histogram.ts";
import { summariseMap } from "./map-summary.ts";
import { type GraphFacts, graphWithin, serviceGraph } from "./service-graph.ts";

const at = (ms: number, count: number): number[] => {
  const latency = emptyHistogram();
  latency[bucketOf(ms)] = count;
  return latency;
};
const edge = (from: string, to: string, calls: number, errors = 0, ms = 20) => ({
  ...{ from, to, calls, errors },
  latency: at(ms, calls),
});
const served = (service: string, calls: number, errors = 0, ms = 20) => ({
  ...{ service, calls, errors, sinceMs: null },
  latency: at(ms, calls),
});
const NOTHING: GraphFacts = {
  edges: [],
  served: [],
  configured: [],
  health: new Map(),
  versions: new Map(),
  window: { fromMs: 0, toMs: 100_000 },
};
const graph = (facts: Partial<GraphFacts>, limits = { nodes: 200, edges: 600 }) =>
  serviceGraph({ ...NOTHING, ...facts }, limits);

const SHOP: Partial<GraphFacts> = {
  configured: [
    { name: "gateway", dependsOn: ["catalog", "checkout"] },
    { name: "catalog", dependsOn: [] },
    { name: "checkout", dependsOn: ["payments"] },
    { name: "payments", dependsOn: [] },
  ],
  served: [served("gateway", 4_000, 50), served("checkout", 2_000, 50), served("payments", 1_950), served("mail", 3)],
  edges: [
    edge("gateway", "checkout", 2_000, 50),
    edge("checkout", "payments", 1_950),
    edge("checkout", "postgresql", 500, 0, 5),
  ],
  health: new Map<string, HealthState>([
    ["gateway", "up"],
    ["checkout", "up"],
  ]),
  versions: new Map([["checkout", "2.5.0"]]),
};

describe("the map", () => {
  const { nodes, edges } = graph(SHOP);
  const node = (id: string) => nodes.find((one) => one.id === id);

  it("joins what traces show with health and version", () => {
    expect(node("checkout")).toMatchObject({
      ...{ kind: "service", configured: true, health: "up", version: "2.5.0" },
      ...{ requests: 2_000, requestsPerSecond: 20, errorPercent: 2.5 },
    });
    expect(node("checkout")?.p95Ms).toBeGreaterThan(15);
  });

  it("shows a service that is not configured, and tells what sends no spans from it", () => {
    expect(node("mail")).toMatchObject({ kind: "service", configured: false, health: null });
    expect(node("postgresql")).toMatchObject({
      kind: "external",
      requests: 500,
      errorPercent: 0,
      requestsPerSecond: 5,
    });
  });

  it.each([20, 60, 240])("gives the rate of a service that is %s s old, and of calls to it", (age) => {
    const window = { fromMs: 0, toMs: 900_000 };
    const sinceMs = window.toMs - age * 1_000;
    const young = { ...served("young", age * 20), sinceMs };
    const call = { ...edge("gateway", "young", age * 20), sinceMs: sinceMs - 40_000 };
    const old = { ...served("gateway", 900 * 20), sinceMs: 0 };
    const map = graph({ served: [young, old], edges: [call], window });
    expect(map.nodes.map((one) => [one.id, one.requestsPerSecond, one.overSeconds]).sort()).toEqual([
      ["gateway", 20, null],
      ["young", 20, age],
    ]);
    expect(map.edges[0]).toMatchObject({ requestsPerSecond: 20, overSeconds: age });
  });

  it("does not know the figures of a service no trace told about", () => {
    expect(node("catalog")).toMatchObject({ requestsPerSecond: null, errorPercent: null, p95Ms: null, requests: 0 });
  });

  it("draws dependencies that were promised, seen, or both", () => {
    expect(edges.map((one) => [one.from, one.to, one.seen, one.configured])).toEqual([
      ["gateway", "checkout", true, true],
      ["checkout", "payments", true, true],
      ["gateway", "catalog", false, true],
      ["checkout", "postgresql", true, false],
    ]);
  });

  it("adds up edges that a source splits, and leaves out a service that calls itself", () => {
    const both = graph({ edges: [edge("a", "b", 1), { ...edge("a", "b", 2, 1), latency: null }, edge("a", "a", 9)] });
    expect(both.edges).toMatchObject([{ from: "a", to: "b", requests: 3 }]);
    expect(both.edges[0]?.p95Ms).not.toBeNull();
  });

  it("calls everything a service where the source does not know who served", () => {
    expect(graph({ served: null, edges: [edge("a", "b", 1)] }).nodes.map(({ kind }) => kind)).toEqual([
      "service",
      "service",
    ]);
  });

  it("puts what fails before what does not, and a share that can be judged before one of few requests", () => {
    const { nodes: ordered } = graph({
      ...{ configured: [{ name: "ok", dependsOn: [] }], health: new Map<string, HealthState>([["ok", "pending"]]) },
      served: [served("ok", 5_000, 1), served("few", 1, 1), served("many", 100, 5)],
    });
    expect(ordered.map(({ id }) => id)).toEqual(["many", "few", "ok"]);
  });

  it("copes with names that are also names of JavaScript", () => {
    expect(graph({ edges: [edge("__proto__", "constructor", 1)] }).nodes).toHaveLength(2);
  });

  it("keeps the worst and what is configured within its limits, and only edges between those", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(30), fc.nat(30), fc.nat(100)), { maxLength: 80 }),
        fc.integer({ min: 1, max: 20 }),
        (calls, limit) => {
          const facts = { ...SHOP, edges: calls.map(([a, b, n]) => edge(`s${a}`, `s${b}`, n)), served: [] };
          const small = graph(facts, { nodes: limit, edges: limit });
          const whole = graph(facts, { nodes: 1_000, edges: 1_000 });
          expect(small.nodes).toEqual(whole.nodes.slice(0, limit));
          expect(small.edges.length).toBeLessThanOrEqual(limit);
          expect(small.hidden).toEqual({
            nodes: whole.nodes.length - small.nodes.length,
            edges: whole.edges.length - small.edges.length,
          });
          const ids = new Set(small.nodes.map(({ id }) => id));
          for (const { from, to } of small.edges) expect([ids.has(from), ids.has(to)]).toEqual([true, true]);
        },
      ),
    );
  });
});

it("is small enough for a model, whatever the names", () => {
  const calls = Array.from({ length: 300 }, (_, i) => edge(`${"long".repeat(i % 50)}${i}`, `b${i % 7}`, i));
  const small = graphWithin({ ...NOTHING, edges: calls }, { nodes: 200, edges: 600 }, 20_000);
  expect(JSON.stringify(small).length).toBeLessThan(21_000);
  expect(small.nodes.length).toBeGreaterThan(20);
  expect(small.edges.length).toBeGreaterThan(5);
  expect(small.hidden.nodes).toBe(307 - small.nodes.length);
});

describe("its sentence", () => {
  it("says when the source cannot know", () => {
    expect(
      summariseMap(graph({ ...SHOP, edges: null, served: null }), { window: "the last hour", callsKnown: false }),
    ).toBe(
      "Nothing is known to fail. 4 services in all environments, the source of traces does not say who calls whom: the map shows what the configuration says.",
    );
  });

  it.each<[string, Partial<GraphFacts>, string]>([
    ["nothing", {}, "No service is configured in production, and no trace has arrived in the last 15 min."],
    [
      "dependencies alone",
      { configured: SHOP.configured ?? [] },
      "Nothing is known to fail in production. 4 services, no calls between services seen in the last 15 min: the map shows what the configuration says.",
    ],
    [
      "where failures come from and who feels them",
      SHOP,
      "checkout fails most in production: 50 of 2\u00a0000 requests (2.5 %), felt by gateway. 5 services and 1 outside, 3 connections seen in the last 15 min.",
    ],
    [
      "the deepest call that explains them",
      {
        served: [served("gateway", 4_000, 60), served("checkout", 2_000, 50)],
        edges: [edge("gateway", "checkout", 2_000, 50), edge("checkout", "bank", 900, 48)],
      },
      "bank fails most in production: 48 of 900 requests (5.33 %), felt by gateway. 2 services and 1 outside, 2 connections seen in the last 15 min.",
    ],
    [
      "what health says first",
      {
        configured: SHOP.configured ?? [],
        health: new Map<string, HealthState>([
          ["payments", "down"],
          ["catalog", "degraded"],
        ]),
      },
      "Down in production: payments. Degraded: catalog. 4 services, no calls between services seen in the last 15 min: the map shows what the configuration says.",
    ],
    [
      "no single failure",
      { served: [served("a", 1_000, 2)], edges: [] },
      "Less than 1 % fails anywhere in production, most of a: 2 of 1\u00a0000 requests (0.2 %). 1 service, no calls between services seen in the last 15 min.",
    ],
    [
      "one failure of one request",
      { served: [served("b", 500), served("a", 1, 1)], edges: [edge("b", "a", 1, 1)] },
      "a in production: 1 of 1 request failed, too few to judge. 2 services, 1 connection seen in the last 15 min.",
    ],
    [
      "what only its caller knows of",
      { served: [served("b", 500), served("a", 100)], edges: [edge("b", "a", 100, 30)] },
      "Calls from b to a fail in production: 30 of 100 requests (30 %). 2 services, 1 connection seen in the last 15 min.",
    ],
    [
      "calls in a circle",
      { served: [served("a", 10, 5), served("b", 10, 5)], edges: [edge("a", "b", 10, 5), edge("b", "a", 10, 5)] },
      "b fails most in production: 5 of 10 requests (50 %), felt by a. 2 services, 2 connections seen in the last 15 min.",
    ],
  ])("names %s", (_, facts, sentence) => {
    expect(summariseMap(graph(facts), { window: "the last 15 min", environment: "production" })).toBe(sentence);
  });

  it("is of all environments where none is chosen", () => {
    expect(summariseMap(graph({ configured: SHOP.configured ?? [] }), { window: "the last hour" })).toMatch(
      /^Nothing is known to fail\. 4 services in all environments, /,
    );
  });
});
