import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fractionAt, zoomOf } from "./brush.ts";

const domain = { fromMs: 1_000_000, toMs: 1_600_000 };

describe("a brush over a chart", () => {
  it("shows the buckets it touched, whichever way it was dragged", () => {
    const zoom = { fromMs: 1_140_000, toMs: 1_320_000 };
    expect(zoomOf({ from: 0.25, to: 0.5 }, domain, 60_000)).toEqual(zoom);
    expect(zoomOf({ from: 0.5, to: 0.25 }, domain, 60_000)).toEqual(zoom);
  });

  it.each([
    ["a click", { from: 0.5, to: 0.501 }],
    ["all of it", { from: 0, to: 1 }],
  ])("does nothing for %s", (_name, span) => expect(zoomOf(span, domain, 60_000)).toBeNull());

  it("never leaves the range, nor is empty", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, fc.integer({ min: 1_000, max: 700_000 }), (from, to, stepMs) => {
        const zoom = zoomOf({ from, to }, domain, stepMs);
        if (!zoom) return;
        expect(zoom.fromMs).toBeGreaterThanOrEqual(domain.fromMs);
        expect(zoom.toMs).toBeLessThanOrEqual(domain.toMs);
        expect(zoom.toMs).toBeGreaterThan(zoom.fromMs);
      }),
    );
  });

  it.each([
    [50, 0],
    [150, 0.5],
    [400, 1],
  ])("a pointer at %i px is at %s of the width", (x, share) => expect(fractionAt(x, 100, 100)).toBe(share));

  it("does not divide by a width of nothing", () => expect(fractionAt(10, 0, 0)).toBe(0));
});
