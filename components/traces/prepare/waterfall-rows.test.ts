import { describe, expect, it } from "vitest";
import type { SpanView } from "#server/agent/traces/schema.ts";
import { barOf, nextFailed, shareOf, spanRows, traceTicks, treeMove } from "./waterfall-rows.ts";

const span = (spanId: string, parentSpanId: string | null, more: Partial<SpanView> = {}): SpanView => ({
  ...{ spanId, parentSpanId, depth: 0, service: "checkout", version: "", instance: "", name: spanId },
  ...{ kind: "server", status: "ok", statusMessage: "", startOffsetMs: 0, durationMs: 10, selfMs: 10 },
  ...{ onCriticalPath: false, attributes: {}, events: [], links: [] },
  ...more,
});
const failed = { status: "error" as const };
/** root → (a → (b, c failed), d) */
const SPANS = [
  span("root", null, { onCriticalPath: true }),
  span("a", "root", { onCriticalPath: true }),
  span("b", "a"),
  span("c", "a", { ...failed, onCriticalPath: true }),
  span("d", "root"),
];
const names = (rows: ReturnType<typeof spanRows>) => rows.map((row) => row.span.spanId);

describe("spanRows", () => {
  it("shows all in order and counts what is below", () => {
    const rows = spanRows(SPANS, new Set());
    expect(names(rows)).toEqual(["root", "a", "b", "c", "d"]);
    expect(rows.map(({ below, failedBelow }) => [below, failedBelow])).toEqual([
      [4, 1],
      [2, 1],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it("hides everything below a closed span, and still says that something failed there", () => {
    const [root, ...more] = spanRows(SPANS, new Set(["root", "a"]));
    expect(more).toEqual([]);
    expect(root).toMatchObject({ open: false, hasChildren: true, failedBelow: 1 });
    expect(names(spanRows(SPANS, new Set(["a"])))).toEqual(["root", "a", "d"]);
  });

  it("shows the critical path alone", () => {
    expect(names(spanRows(SPANS, new Set(), true))).toEqual(["root", "a", "c"]);
  });

  it("keeps a span whose parent did not arrive", () => {
    expect(spanRows([span("x", "never came")], new Set())).toMatchObject([{ parent: null }]);
  });
});

describe("barOf", () => {
  it("places a span within its trace, visible however short", () => {
    expect(barOf(span("a", null, { startOffsetMs: 50, durationMs: 25 }), 100)).toEqual({ left: 0.5, width: 0.25 });
    expect(barOf(span("a", null, { startOffsetMs: 100, durationMs: 0 }), 100)).toEqual({ left: 0.999, width: 0.001 });
    expect(barOf(span("a", null, { startOffsetMs: 0, durationMs: 0 }), 0)).toEqual({ left: 0, width: 0.001 });
  });
});

describe("traceTicks", () => {
  it("has round times within the trace", () => {
    const ticks = traceTicks(330).map(({ label, at }) => [label.replaceAll("\u00a0", " "), Number(at.toFixed(3))]);
    expect(ticks).toEqual([
      ["0", 0],
      ["100 ms", 0.303],
      ["200 ms", 0.606],
      ["300 ms", 0.909],
    ]);
  });
});

describe("treeMove", () => {
  const open = spanRows(SPANS, new Set());
  const shut = spanRows(SPANS, new Set(["a"]));

  it("goes up and down and stops at the ends", () => {
    expect([treeMove(open, 0, "ArrowUp"), treeMove(open, 0, "j"), treeMove(open, 4, "ArrowDown")]).toEqual([
      { to: 0 },
      { to: 1 },
      { to: 4 },
    ]);
  });

  it("opens, then goes in; closes, then goes out", () => {
    expect(treeMove(shut, 1, "ArrowRight")).toEqual({ toggle: "a" });
    expect(treeMove(open, 1, "ArrowRight")).toEqual({ to: 2 });
    expect(treeMove(open, 1, "ArrowLeft")).toEqual({ toggle: "a" });
    expect(treeMove(open, 2, "ArrowLeft")).toEqual({ to: 1 });
    expect(treeMove(open, 2, "ArrowRight")).toBeNull();
  });

  it("begins at an end when no row is chosen", () => {
    expect([treeMove(open, -1, "ArrowDown"), treeMove(open, -1, "End")]).toEqual([{ to: 0 }, { to: 4 }]);
    expect(treeMove([], -1, "ArrowDown")).toBeNull();
  });
});

describe("nextFailed", () => {
  it("goes around", () => {
    const rows = spanRows(SPANS, new Set());
    expect([nextFailed(rows, 0), nextFailed(rows, 3), nextFailed([], 0)]).toEqual([3, 3, null]);
    expect(nextFailed(spanRows([span("x", null)], new Set()), 0)).toBeNull();
  });
});

describe("the share of a span", () => {
  const trace = { durationMs: 400, answeredMs: 400 };
  it.each([
    [0, 400, ", 100 % of the trace's 400 ms"],
    [100, 200, ", 50 % of the trace's 400 ms"],
    [300, 600, ", 500 ms of it after the answer"],
    [500, 100, ", all of it after the answer"],
    [0, 402, ", 100 % of the trace's 400 ms"],
  ])("that begins at %s ms and takes %s ms is%s", (startOffsetMs, durationMs, words) => {
    expect(shareOf({ startOffsetMs, durationMs }, trace).replaceAll("\u00a0", " ")).toBe(words);
  });
});
