import { describe, expect, it } from "vitest";
import { type BarInput, prepareBars } from "./bars.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 25, 10, minute)).toISOString();
const ms = (minute: number) => Date.parse(at(minute));

const input = (points: BarInput["points"], more: Partial<BarInput> = {}): BarInput => ({
  series: [
    { key: "error", label: "errors", tone: "critical" },
    { key: "info", label: "info", tone: "neutral" },
  ],
  points,
  markers: [],
  stepSeconds: 60,
  of: "lines",
  range: { fromMs: ms(0), toMs: ms(4) },
  ...more,
});

describe("prepareBars", () => {
  it("stacks from the axis up, in the order of the series", () => {
    const { bars, total, ticks } = prepareBars(input([{ t: at(0), error: 10, info: 30 }]), 0);
    expect(bars[0]?.segments).toEqual([
      { key: "error", tone: "critical", from: 0, to: 0.25 },
      { key: "info", tone: "neutral", from: 0.25, to: 1 },
    ]);
    expect(total).toBe(40);
    expect(ticks.y.at(-1)).toEqual({ label: "40", at: 1 });
  });

  it("lets a single error among many lines be seen, without leaving its place", () => {
    const { bars } = prepareBars(input([{ t: at(0), error: 1, info: 10_000 }]), 0);
    const [error, info] = bars[0]?.segments ?? [];
    expect(error?.to).toBeGreaterThan(0.01);
    expect(info?.to).toBeLessThanOrEqual(1);
  });

  it("keeps a gap apart from a zero", () => {
    const prepared = prepareBars(
      input([
        { t: at(0), error: null, info: null },
        { t: at(1), error: 0, info: 0 },
      ]),
      0,
    );
    expect(prepared.bars.map((bar) => bar.total)).toEqual([null, 0]);
    expect(prepared.known).toBe(true);
    expect(prepareBars(input([{ t: at(0), error: null, info: null }]), 0).known).toBe(false);
    expect(prepareBars(input([]), 0).known).toBe(false);
  });

  it("cuts buckets that reach beyond the range, and leaves out those outside", () => {
    const range = { fromMs: ms(0) + 30_000, toMs: ms(2) + 30_000 };
    const points = [0, 1, 2, 3].map((minute) => ({ t: at(minute), error: 0, info: 5 }));
    const { bars } = prepareBars(input(points, { range }), 0);
    expect(bars.map(({ left, width }) => [left, width])).toEqual([
      [0, 0.25],
      [0.25, 0.5],
      [0.75, 0.25],
    ]);
  });

  it("places markers by their time and says the sums in words", () => {
    const prepared = prepareBars(
      input([{ t: at(0), error: 2, info: 3 }], { markers: [{ at: at(2), label: "2.5.0" }] }),
      0,
    );
    expect(prepared.markers).toEqual([{ t: ms(2), at: 0.5, label: "2.5.0" }]);
    expect(prepared.summary).toBe("Number of lines: errors 2, info 3");
  });
});
