import { describe, expect, it } from "vitest";
import { dotAt, prepareScatter, zoomOfArea } from "./scatter.ts";

const FROM = Date.parse("2026-11-25T11:00:00Z");
const range = { fromMs: FROM, toMs: FROM + 600_000 };
const trace = (traceId: string, second: number, durationMs: number, errors = 0) => ({
  ...{ traceId, durationMs, errors },
  startAt: new Date(FROM + second * 1_000).toISOString(),
});
const plain = (texts: string[]) => texts.map((text) => text.replaceAll("\u00a0", " "));

describe("prepareScatter", () => {
  const scatter = prepareScatter([trace("a", 0, 10), trace("b", 300, 100), trace("c", 600, 1_000, 2)], range, 0);

  it("gives equal ratios equal distances", () => {
    expect(scatter.dots.map(({ x }) => x)).toEqual([0, 0.5, 1]);
    expect(scatter.dots.map(({ y }) => Number(y.toFixed(6)))).toEqual([0, 0.5, 1]);
    expect(scatter.dots.map(({ failed }) => failed)).toEqual([false, false, true]);
  });

  it("draws what failed over the rest", () => {
    const { dots } = prepareScatter([trace("a", 0, 10, 1), trace("b", 0, 10)], range, 0);
    expect(dots.map(({ traceId }) => traceId)).toEqual(["b", "a"]);
  });

  it("has few round durations on its axis", () => {
    expect(plain(scatter.ticks.y.map(({ label }) => label))).toEqual(["10 ms", "100 ms", "1 s"]);
    const narrow = prepareScatter([trace("a", 0, 120), trace("b", 0, 180)], range, 0);
    expect(plain(narrow.ticks.y.map(({ label }) => label))).toEqual(["100 ms", "200 ms"]);
    const wide = prepareScatter([trace("a", 0, 0), trace("b", 0, 3_600_000)], range, 0);
    expect(wide.ticks.y.length).toBeLessThanOrEqual(5);
  });

  it("has a scale for one duration, for zero and for nothing at all", () => {
    for (const traces of [[trace("a", 0, 10)], [trace("a", 0, 0)], []]) {
      const { domain, dots } = prepareScatter(traces, range, 0);
      expect(domain.highMs).toBeGreaterThan(domain.lowMs);
      for (const { y } of dots) expect(y >= 0 && y <= 1).toBe(true);
    }
  });

  it("says what there is", () => {
    expect(plain([scatter.summary])).toEqual(["3 traces from 10 ms to 1 s, 1 with errors"]);
  });
});

describe("zoomOfArea", () => {
  const { domain } = prepareScatter([trace("a", 0, 10), trace("c", 600, 1_000)], range, 0);

  it("turns a rectangle into times and durations, whichever corner came first", () => {
    const asked = zoomOfArea({ x: [0.5, 0.25], y: [0.5, 0.75] }, domain);
    expect([asked.from.getTime() - FROM, asked.to.getTime() - FROM]).toEqual([150_000, 300_000]);
    expect([asked.min, asked.max]).toEqual([100, 320]);
  });

  it("does not limit what the rectangle reaches the edge of", () => {
    expect(zoomOfArea({ x: [0, 1], y: [0, 1] }, domain)).toMatchObject({ min: null, max: null });
  });

  it("never asks for an empty time", () => {
    const asked = zoomOfArea({ x: [0.5, 0.5], y: [0, 1] }, domain);
    expect(asked.to.getTime()).toBeGreaterThan(asked.from.getTime());
  });
});

describe("dotAt", () => {
  const { dots } = prepareScatter([trace("a", 0, 10), trace("b", 300, 100)], range, 0);
  const size = { width: 100, height: 100 };

  it("is the nearest within reach", () => {
    expect(dotAt(dots, { x: 0.45, y: 0.98 }, size)?.traceId).toBe("b");
    expect(dotAt(dots, { x: 0.3, y: 0.5 }, size)).toBeNull();
  });
});
