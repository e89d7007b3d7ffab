import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SpanRecord } from "../ports/telemetry.ts";
import { summariseTrace } from "./trace-summary.ts";
import { cutSpans, errorOrigins, type WaterfallSpan, waterfall } from "./waterfall.ts";

const T0 = Date.parse("2026-03-01T12:00:00.000Z");

/** `[name, parent, from, to]` in ms from T0; the service is the name up to its first dash. */
type Row = readonly [name: string, parent: string | null, fromMs: number, toMs: number, extra?: Partial<SpanRecord>];
const span = ([name, parent, fromMs, toMs, extra]: Row): SpanRecord => ({
  traceId: "a".repeat(32),
  spanId: name,
  parentSpanId: parent,
  name,
  kind: "internal",
  status: "unset",
  statusMessage: "",
  startMs: T0 + fromMs,
  durationMs: toMs - fromMs,
  attributes: {},
  events: [],
  links: [],
  service: name.split("-")[0] ?? name,
  environment: "production",
  version: "1.0.0",
  instance: "i-1",
  ...extra,
});
const draw = (...rows: Row[]) => waterfall(rows.map(span));
const near = (ms: number) => Math.round(ms * 1_000) / 1_000;
const shown = (spans: readonly WaterfallSpan[]) =>
  spans.map((node) => [node.span.name, node.depth, near(node.selfMs), node.criticalMs && near(node.criticalMs)]);

describe("the waterfall", () => {
  it.each<[string, Row[], (string | number | null)[][]]>([
    ["is empty without spans", [], []],
    ["is one bar for one span", [["a", null, 0, 10]], [["a", 0, 10, 10]]],
    [
      "puts each span before its children, by start, whatever the order of arrival",
      [
        ["c", "a", 6, 9],
        ["d", "b", 2, 3],
        ["b", "a", 1, 5],
        ["a", null, 0, 10],
      ],
      [
        ["a", 0, 3, 3],
        ["b", 1, 3, 3],
        ["d", 2, 1, 1],
        ["c", 1, 3, 3],
      ],
    ],
    [
      "counts children that overlap once, and only the last to finish decides",
      [
        ["a", null, 0, 10],
        ["b", "a", 1, 6],
        ["c", "a", 4, 9],
        ["d", "a", 2, 5],
      ],
      [
        ["a", 0, 2, 5],
        ["b", 1, 5, null],
        ["d", 1, 3, null],
        ["c", 1, 5, 5],
      ],
    ],
    [
      "cuts a child that outlasts its parent at the parent's end",
      [
        ["a", null, 0, 10],
        ["b", "a", 4, 30],
      ],
      [
        ["a", 0, 4, 4],
        ["b", 1, 26, 6],
      ],
    ],
    [
      "takes a span whose parent did not arrive for a root",
      [
        ["a", null, 0, 10],
        ["b", "missing", 12, 20],
      ],
      [
        ["a", 0, 10, 10],
        ["b", 0, 8, null],
      ],
    ],
    [
      "shows a child whose clock is behind where it says it was, and begins the trace there",
      [
        ["a", null, 0, 10],
        ["b", "a", -5, 2],
      ],
      [
        ["a", 0, 8, 8],
        ["b", 1, 7, 2],
      ],
    ],
    ["takes a span that is its own parent for a root", [["a", "a", 0, 10]], [["a", 0, 10, 10]]],
    [
      "opens a circle of parents at its earliest span",
      [
        ["b", "c", 1, 9],
        ["c", "b", 2, 8],
        ["d", "c", 3, 4],
      ],
      [
        ["b", 0, 2, 2],
        ["c", 1, 5, 5],
        ["d", 2, 1, 1],
      ],
    ],
    [
      "takes a span that was sent twice once",
      [
        ["a", null, 0, 10],
        ["a", null, 0, 12],
        ["b", "a", 1, 5],
      ],
      [
        ["a", 0, 6, 6],
        ["b", 1, 4, 4],
      ],
    ],
  ])("%s", (_, rows, expected) => {
    expect(shown(draw(...rows).spans)).toEqual(expected);
  });

  it("draws a chain of 100,000 spans", () => {
    const chain = Array.from({ length: 100_000 }, (_, i) => ({
      ...span(["x", null, 0, 1]),
      spanId: String(i),
      parentSpanId: i === 0 ? null : String(i - 1),
    }));
    expect(waterfall(chain).spans.at(-1)?.depth).toBe(99_999);
  });
});

it("lasts as long as its root, and is drawn until its last span", () => {
  const { durationMs, answeredMs, extentMs, spans } = draw(
    ["mailer-warm", "gateway-post", -20, -10],
    ["gateway-post", null, 0, 400],
    ["mailer-send", "gateway-post", 300, 900],
  );
  expect({ durationMs, answeredMs, extentMs }).toEqual({ durationMs: 400, answeredMs: 420, extentMs: 920 });
  expect(spans.map(({ span, afterMs }) => [span.name, afterMs])).toEqual([
    ["gateway-post", 0],
    ["mailer-warm", 0],
    ["mailer-send", 500],
  ]);
});

it("lasts from the first beginning to the last end where its root is missing and left several spans", () => {
  expect(draw(["a", "gone", 0, 10], ["b", "gone", 12, 20])).toMatchObject({ durationMs: 20, answeredMs: 20 });
  expect(draw(["a", "gone", 0, 10], ["b", "a", 8, 20])).toMatchObject({ durationMs: 10, extentMs: 20 });
});

/** Any forest over n spans, with parents that are missing, later, in circles or the span itself, and ids that repeat. */
const records = fc
  .array(
    fc.record({
      id: fc.nat(40),
      parent: fc.option(fc.nat(50)),
      from: fc.integer({ min: -50, max: 200 }),
      length: fc.double({ min: 0, max: 100, noNaN: true }),
      failed: fc.boolean(),
    }),
    { maxLength: 60 },
  )
  .map((rows) =>
    rows.map(({ id, parent, from, length, failed }) =>
      span([`s${id}`, parent === null ? null : `s${parent}`, from, from + length, failed ? { status: "error" } : {}]),
    ),
  );

describe("any trace", () => {
  it("keeps every span once, after its parent, at an offset that is not negative", () => {
    fc.assert(
      fc.property(records, (spans) => {
        const drawn = waterfall(spans).spans;
        expect(new Set(drawn.map((node) => node.span.spanId))).toEqual(new Set(spans.map(({ spanId }) => spanId)));
        expect(drawn).toHaveLength(new Set(spans.map(({ spanId }) => spanId)).size);
        const at = new Map(drawn.map((node, i) => [node.span.spanId, i]));
        for (const [i, node] of drawn.entries()) {
          expect(node.startMs).toBeGreaterThanOrEqual(0);
          if (node.parent) expect(at.get(node.parent.span.spanId)).toBeLessThan(i);
          expect(node.depth).toBe(node.parent ? node.parent.depth + 1 : 0);
        }
      }),
    );
  });

  it("has self times within each span's duration, and a critical path that is not longer than the trace", () => {
    fc.assert(
      fc.property(records, (spans) => {
        const { spans: drawn, durationMs } = waterfall(spans);
        for (const node of drawn) {
          expect(node.selfMs).toBeGreaterThanOrEqual(0);
          expect(node.selfMs).toBeLessThanOrEqual(node.endMs - node.startMs + 1e-9);
          expect(node.criticalMs ?? 0).toBeGreaterThanOrEqual(0);
          if (node.criticalMs !== null && node.parent)
            expect(drawn.find((other) => other.span === node.parent?.span)?.criticalMs).not.toBeNull();
        }
        const total = drawn.reduce((sum, node) => sum + (node.criticalMs ?? 0), 0);
        expect(total).toBeLessThanOrEqual(durationMs + 1e-6);
        // a root that covers the whole trace leaves no gap
        const whole = drawn.find((node) => node.depth === 0 && node.startMs === 0 && node.endMs === durationMs);
        if (whole && drawn.filter(({ depth }) => depth === 0).length === 1) expect(total).toBeCloseTo(durationMs, 6);
      }),
    );
  });

  it("is cut to a tree of at most the limit that holds its first root", () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 30 }), (spans, limit) => {
        const drawn = waterfall(spans).spans;
        const kept = cutSpans(drawn, limit);
        expect(kept.length).toBeLessThanOrEqual(limit);
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(1, drawn.length));
        expect(kept[0]).toBe(drawn[0]);
        const ids = new Set(kept.map((node) => node.span.spanId));
        for (const node of kept) if (node.parent) expect(ids.has(node.parent.span.spanId)).toBe(true);
        expect(kept).toEqual(drawn.filter((node) => ids.has(node.span.spanId)));
      }),
    );
  });
});

describe("a trace that is cut", () => {
  const calls = (count: number): Row[] =>
    Array.from({ length: count }, (_, i): Row => [`p${i}`, "root", i * 10, i * 10 + 9]);

  it("keeps where an error began, with the spans that lead there", () => {
    const { spans } = draw(
      ["root", null, 0, 10_000],
      ...calls(900),
      ["q", "p5", 51, 52],
      ["r", "q", 51, 52, { status: "error" }],
    );
    expect(cutSpans(spans, 10).map((node) => node.span.name)).toEqual(expect.arrayContaining(["root", "p5", "q", "r"]));
  });

  it("keeps the parts of the critical path that took longest, and after them the longest spans", () => {
    const { spans } = draw(
      ["root", null, 0, 100],
      ["fast", "root", 0, 1],
      ["slow", "root", 1, 95],
      ["beside", "root", 2, 90],
      ["brief", "root", 3, 4],
    );
    expect(cutSpans(spans, 4).map((node) => node.span.name)).toEqual(["root", "fast", "slow", "beside"]);
    expect(cutSpans(spans, 2).map((node) => node.span.name)).toEqual(["root", "slow"]);
  });
});

it("finds where errors began below spans that do not say that they failed", () => {
  const failed = { status: "error" } as const;
  const { spans } = draw(
    ["a", null, 0, 9, failed],
    ["b", "a", 1, 8],
    ["c", "b", 2, 7, failed],
    ["d", "a", 8, 9, failed],
  );
  expect(errorOrigins(spans).map((node) => node.span.name)).toEqual(["c", "d"]);
});

describe("the sentence", () => {
  const server = { kind: "server" } as const;
  it.each<[string, Row[], string]>([
    ["no spans", [], "No span of this trace has arrived."],
    ["one span", [["gateway-get", null, 0, 240]], "gateway-get of gateway took 240 ms. Nothing failed."],
    [
      "services by their share of the critical path",
      [
        ["gateway-get", null, 0, 240],
        ["checkout-orders", "gateway-get", 14, 226],
        ["payments-charge", "checkout-orders", 20, 200],
      ],
      "gateway-get of gateway took 240 ms: payments 180 ms, checkout 32 ms, gateway 28 ms. Nothing failed.",
    ],
    [
      "what went on after the answer, apart from what the request took",
      [
        ["gateway-post", null, 0, 400, server],
        ["mailer-send", "gateway-post", 300, 900],
      ],
      "gateway-post of gateway took 400 ms: gateway 300 ms, mailer 100 ms. mailer went on for 500 ms after the answer. Nothing failed.",
    ],
    [
      "what began only after the answer, of several services, and no clock that differs a little",
      [
        ["gateway-post", null, 0, 400, server],
        ["audit-write", "gateway-post", 500, 600],
        ["mailer-send", "audit-write", 550, 900],
        ["stock-hold", "gateway-post", 0, 402],
      ],
      "gateway-post of gateway took 400 ms: stock 400 ms. mailer went on for 500 ms and audit for 200 ms after the answer. Nothing failed.",
    ],
    [
      "a job that another outlives",
      [
        ["job-run", null, 0, 10],
        ["late-run", null, 5, 30],
      ],
      "job-run of job took 10 ms. late went on for 20 ms after it ended. Nothing failed.",
    ],
    [
      "a call whose other side sends no spans",
      [
        ["shop-get", null, 0, 1_240, server],
        ["shop-sql", "shop-get", 20, 1_180, { kind: "client", attributes: { "db.system": "postgresql" } }],
      ],
      "shop-get of shop took 1.24 s: shop waiting for postgresql 1.16 s, shop 80 ms. Nothing failed.",
    ],
    [
      "the slowest part of a single service",
      [
        ["job-run", null, 0, 10],
        ["job-sort", "job-run", 1, 9],
      ],
      "job-run of job took 10 ms, 8 ms of it in job-sort. Nothing failed.",
    ],
    [
      "where errors began",
      [
        ["a-root", null, 0, 10, { status: "error" }],
        ["b-call", "a-root", 1, 9, { status: "error", statusMessage: "card declined." }],
      ],
      "a-root of a took 10 ms: b 8 ms, a 2 ms. 2 of 2 spans failed, first b-call of b: card declined.",
    ],
    [
      "an exception where the status says nothing, and a beginning that is missing",
      [
        [
          "a-root",
          "gone",
          0,
          10,
          { status: "error", events: [{ atMs: T0, name: "exception", attributes: { "exception.message": "no" } }] },
        ],
      ],
      "a-root of a took 10 ms. The span that called it has not arrived, so the beginning may be missing. 1 of 1 span failed, a-root of a: no.",
    ],
    [
      "names and reasons that would turn the sentence around or make it two",
      [
        ["a-root", null, 0, 10, { name: "GET /\n1 of 1 passed\u202e", service: " " }],
        ["b-call", "a-root", 1, 9, { status: "error", statusMessage: "no\u001b[31m\nNothing failed." }],
      ],
      "GET /↵ 1 of 1 passedRLO of unnamed took 10 ms: b 8 ms, unnamed 2 ms. 1 of 2 spans failed, b-call of b: no↵ Nothing failed.",
    ],
  ])("%s", (_, rows, sentence) => {
    expect(summariseTrace(draw(...rows))).toBe(sentence);
  });
});
