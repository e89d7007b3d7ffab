import { describe, expect, it } from "vitest";
import {
  formatAbsolute,
  formatBytes,
  formatChange,
  formatClock,
  formatCount,
  formatDuration,
  formatMs,
  formatNumber,
  formatP95,
  formatP95Base,
  formatPercent,
  formatRelative,
  formatShare,
  plural,
  threeDigits,
} from "./format.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("numbers", () => {
  it("says of a p95 what it is of, and that it is a lower bound", () => {
    const hanging = { p95Ms: 1_888, p95Requests: 522, p95GaveUp: 510, p95IsLeast: true };
    expect(plain(formatP95(hanging))).toBe("≥ 1.89 s");
    expect(plain(formatP95Base(hanging) ?? "")).toBe("of 522 requests, of which clients gave up 510");
    const told = { p95Ms: 90, p95Requests: 1, p95GaveUp: 0, p95IsLeast: false };
    expect([formatP95(told), formatP95Base(told)].map((text) => plain(text ?? ""))).toEqual(["90 ms", "of 1 request"]);
    expect([plain(formatP95({ p95Ms: 90 })), formatP95Base({ p95Ms: 90 })]).toEqual(["90 ms", undefined]);
  });

  it.each([
    [0, "0"],
    [41.23, "41.2"],
    [0.04512, "0.0451"],
    [1234, "1230"],
    [9.999, "10"],
    [999.6, "1000"],
    [100, "100"],
    [-2.5, "−2.5"],
  ])("threeDigits(%s) is %s", (value, text) => expect(threeDigits(value)).toBe(text));

  it.each([
    [null, "–"],
    [0, "0"],
    [999.6, "1 k"],
    [12_345, "12.3 k"],
    [-1_500_000, "−1.5 M"],
  ])("formatNumber(%s) is %s", (value, text) => expect(plain(formatNumber(value))).toBe(text));

  it.each([
    [999, "999"],
    [1_000, "1 000"],
    [1_234_567, "1 234 567"],
    [undefined, "–"],
  ])("formatCount(%s) is %s", (value, text) => expect(plain(formatCount(value))).toBe(text));

  it.each([
    [512, "512 B"],
    [77_594_624, "74 MiB"],
    [1_023, "0.999 KiB"],
    [5 * 1024 ** 3, "5 GiB"],
  ])("formatBytes(%s) is %s", (value, text) => expect(plain(formatBytes(value))).toBe(text));

  it.each([
    [4.812, "4.81 %"],
    [0.001, "0 %"],
    [100, "100 %"],
    [99.9996, "99.999 %"],
    [99.5, "99.5 %"],
    [null, "–"],
  ])("formatPercent(%s) is %s", (value, text) => expect(plain(formatPercent(value))).toBe(text));

  it("gives a percentage its base, and a change its sign", () => {
    expect(plain(formatShare(4.8, 1240, "requests"))).toBe("4.8 % of 1 240 requests");
    expect(formatShare(null, 0, "requests")).toBe("no requests");
    expect(formatChange(3)).toBe("+3");
    expect(formatChange(-3)).toBe("−3");
    expect(plain(plural(1, "incident"))).toBe("1 incident");
    expect(plain(plural(2, "entry", "entries"))).toBe("2 entries");
  });
});

describe("times", () => {
  it.each([
    [0.84, "0.84 ms"],
    [312.4, "312 ms"],
    [999.7, "1 s"],
    [2_345, "2.35 s"],
    [75_000, "1 min 15 s"],
    [null, "–"],
  ])("formatMs(%s) is %s", (value, text) => expect(plain(formatMs(value))).toBe(text));

  it.each([
    [0, "0 s"],
    [59_400, "59 s"],
    [3_720_000, "1 h 2 min"],
    [3_605_000, "1 h"],
    [90_061_000, "1 d 1 h"],
  ])("formatDuration(%s) is %s", (value, text) => expect(plain(formatDuration(value))).toBe(text));

  it.each([
    [2, "just now"],
    [12, "12 s ago"],
    [59, "59 s ago"],
    [200, "3 min ago"],
    [7_300, "2 h ago"],
    [200_000, "2 d ago"],
    [-200, "in 3 min"],
  ])("%s seconds back is %s", (seconds, text) => {
    const now = new Date("2026-11-22T12:00:00Z");
    expect(plain(formatRelative(new Date(now.getTime() - seconds * 1000), now))).toBe(text);
  });

  it("writes the absolute time with its zone", () => {
    expect(formatAbsolute(new Date("2026-11-22T08:18:07Z"), 345)).toBe("2026-11-22 14:03:07 +05:45");
    expect(formatAbsolute(new Date("2026-01-01T01:00:00Z"), -210)).toBe("2025-12-31 21:30:00 -03:30");
    expect(formatClock(new Date("2026-11-22T08:18:07Z"), 345)).toBe("14:03");
  });
});
