import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DEFAULT_RANGE,
  isRelative,
  PRESETS,
  parseMoment,
  parseRange,
  presetOf,
  presetRange,
  resolveRange,
  stepMs,
  withinWords,
  wordsOf,
  writeMoment,
} from "./range.ts";

const NOW = Date.parse("2026-11-25T10:00:07.300Z");
const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("a range in the URL", () => {
  it.each([
    ["now", { kind: "ago", ms: 0 }],
    ["now-15m", { kind: "ago", ms: 900_000 }],
    ["now-1w", { kind: "ago", ms: 604_800_000 }],
    ["2026-11-25T14:00:00Z", { kind: "at", ms: Date.parse("2026-11-25T14:00:00Z") }],
    ["2026-11-25T14:00:00+05:45", { kind: "at", ms: Date.parse("2026-11-25T08:15:00Z") }],
    ["2026-13-45T14:00:00Z", null],
    ["now+1h", null],
    ["now-1y", null],
    ["yesterday", null],
    ["", null],
    [null, null],
  ])("%s", (text, moment) => expect(parseMoment(text)).toEqual(moment));

  it("is the same after writing and reading", () => {
    const ago = fc.integer({ min: 0, max: 900_000 }).map((seconds) => ({ kind: "ago" as const, ms: seconds * 1_000 }));
    const at = fc.integer({ min: 0, max: 4e12 }).map((ms) => ({ kind: "at" as const, ms }));
    fc.assert(
      fc.property(fc.oneof(ago, at), (moment) => {
        expect(parseMoment(writeMoment(moment))).toEqual(moment);
      }),
    );
  });

  it.each([
    ["nothing", null, null],
    ["a start that is no time", "soon", "now"],
    ["an end before its start", "now-1h", "now-2h"],
    ["an empty range", "now", "now"],
    ["a range of years", "2001-01-01T00:00:00Z", "now"],
  ])("falls back to the last hour for %s", (_name, from, to) => {
    expect(parseRange(from, to, NOW)).toEqual(DEFAULT_RANGE);
  });

  it("ends now when only a start is named", () => {
    expect(parseRange("now-6h", null, NOW)).toEqual(presetRange("6h"));
  });

  it("knows its presets", () => {
    for (const preset of PRESETS) expect(presetOf(presetRange(preset))).toBe(preset);
    expect(presetOf(parseRange("now-90m", "now", NOW))).toBeNull();
    expect(presetOf(parseRange("now-2h", "now-1h", NOW))).toBeNull();
  });
});

describe("a range that follows the clock", () => {
  it.each([
    ["15m", 5_000, "2026-11-25T10:00:05.000Z"],
    ["1h", 10_000, "2026-11-25T10:00:00.000Z"],
    ["7d", 60_000, "2026-11-25T10:00:00.000Z"],
  ] as const)("of %s moves every %s ms", (preset, step, to) => {
    const range = presetRange(preset);
    expect(stepMs(range, NOW)).toBe(step);
    expect(new Date(resolveRange(range, NOW).toMs).toISOString()).toBe(to);
  });

  it("keeps its length, and its ends within one step", () => {
    fc.assert(
      fc.property(fc.constantFrom(...PRESETS), fc.integer({ min: 1e12, max: 4e12 }), (preset, now) => {
        const range = presetRange(preset);
        const { fromMs, toMs } = resolveRange(range, now);
        const step = stepMs(range, now);
        expect(toMs - fromMs).toBe(range.from.ms);
        expect(now - toMs).toBeGreaterThanOrEqual(0);
        expect(now - toMs).toBeLessThan(step);
        expect(resolveRange(range, toMs + step - 1)).toEqual({ fromMs, toMs });
      }),
    );
  });

  it("stands still between two fixed times", () => {
    const range = parseRange("2026-11-25T08:00:00Z", "2026-11-25T09:00:00Z", NOW);
    expect(isRelative(range)).toBe(false);
    expect(resolveRange(range, NOW)).toEqual(resolveRange(range, NOW + 86_400_000));
  });
});

describe("a range in words", () => {
  it.each([
    ["now-1h", "now", "last hour"],
    ["now-90m", "now", "last 1 h 30 min"],
    ["now-3h", "now-1h", "3 h ago to 1 h ago"],
    ["2026-11-25T08:15:00Z", "2026-11-25T09:45:00Z", "25 Nov 14:00 to 15:30"],
    ["2026-11-24T16:15:00Z", "2026-11-24T20:15:00Z", "24 Nov 22:00 to 25 Nov 02:00"],
    ["2026-11-25T08:15:10Z", "2026-11-25T08:16:00Z", "25 Nov 14:00:10 to 14:01:00"],
    ["2025-12-30T08:15:00Z", "2025-12-30T10:15:00Z", "30 Dec 2025 14:00 to 16:00"],
    ["2026-11-25T08:15:00Z", "now", "since 25 Nov 14:00"],
  ])("%s to %s is: %s", (from, to, words) => {
    expect(plain(wordsOf(parseRange(from, to, NOW), NOW, 345))).toBe(words);
  });
});

describe("a range within a sentence", () => {
  it.each([
    ["now-1h", "now", "in the last hour"],
    ["now-90m", "now", "in the last 1 h 30 min"],
    ["now-3h", "now-1h", "between 3 h ago and 1 h ago"],
    ["2026-10-31T18:15:00Z", "2026-10-31T19:15:00Z", "between 1 Nov 00:00 and 01:00 (Asia/Kathmandu)"],
    ["2026-11-24T16:15:00Z", "2026-11-24T20:15:00Z", "between 24 Nov 22:00 and 25 Nov 02:00 (Asia/Kathmandu)"],
    ["2026-11-25T08:15:00Z", "now", "since 25 Nov 14:00 (Asia/Kathmandu)"],
  ])("%s to %s is: %s", (from, to, words) => {
    expect(plain(withinWords(parseRange(from, to, NOW), NOW, 345, "Asia/Kathmandu"))).toBe(words);
  });
});
