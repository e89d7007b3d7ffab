import { describe, expect, it } from "vitest";
import { BAR_HEIGHT, describeBar, endsOf, uptimeBars } from "./uptime-bars.ts";

const bucket = (minute: number, up: number, degraded = 0, down = 0) => ({
  t: new Date(Date.parse("2026-03-01T10:00:00Z") + minute * 60_000).toISOString(),
  up,
  degraded,
  down,
});

it("ends now where its last bar reaches into the future", () => {
  const bars = uptimeBars([bucket(0, 6), bucket(30, 6)], 1_800, 96);
  const at = (text: string) => Date.parse(`2026-03-01T${text}:00Z`);
  expect(endsOf(bars, at("10:47"))?.map(Number)).toEqual([at("10:00"), at("10:47")]);
  expect(endsOf(bars, at("12:00"))?.map(Number)).toEqual([at("10:00"), at("11:00")]);
  expect(endsOf([], at("12:00"))).toBeNull();
});

describe("uptimeBars", () => {
  it("adds neighbours up and keeps the worst", () => {
    const bars = uptimeBars([bucket(0, 6), bucket(1, 5, 0, 1), bucket(2, 6), bucket(3, 4, 2)], 60, 2);
    expect(bars.map((bar) => [bar.level, bar.up, bar.degraded, bar.down])).toEqual([
      ["down", 11, 0, 1],
      ["degraded", 10, 2, 0],
    ]);
    expect((bars[0]?.toMs ?? 0) - (bars[0]?.fromMs ?? 0)).toBe(120_000);
  });

  it("keeps a gap a gap", () => {
    expect(uptimeBars([bucket(0, 0), bucket(1, 6)], 60, 10).map((bar) => bar.level)).toEqual(["none", "up"]);
    expect(BAR_HEIGHT.none).toBe(0);
  });

  it("is empty for nothing, and a short last bar ends where its buckets end", () => {
    expect(uptimeBars([], 60, 10)).toEqual([]);
    const last = uptimeBars([bucket(0, 1), bucket(1, 1), bucket(2, 1)], 60, 2).at(-1);
    expect((last?.toMs ?? 0) - (last?.fromMs ?? 0)).toBe(60_000);
  });
});

describe("describeBar", () => {
  it.each([
    [{ up: 116, degraded: 1, down: 3 }, "3 down, 1 degraded, 116 up"],
    [{ up: 6, degraded: 0, down: 0 }, "6 up"],
    [{ up: 0, degraded: 0, down: 0 }, "no check"],
  ])("%j is %s", (bar, words) => expect(describeBar(bar)).toBe(words));
});
