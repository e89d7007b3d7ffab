import { describe, expect, it } from "vitest";
import type { IngestOverviewOutput } from "#server/agent/ingest/schema.ts";
import { fillOf, finishedSteps, ingestSentence, recordCount } from "./ingest-words.ts";

type Signal = IngestOverviewOutput["signals"][number];
const plain = (text: string) => text.replaceAll("\u00a0", " ");
const figures = { accepted: 0, rejected: 0, bytes: 0, perSecond: 0, overSeconds: null, buckets: [] };
const signal = (name: Signal["signal"], more: Partial<Signal> = {}): Signal => ({ ...figures, signal: name, ...more });
const sender = (name: string, of: Signal["signal"]) => ({
  ...figures,
  signal: of,
  protocol: "otlp",
  name,
  services: [],
  lastAt: "2026-11-25T10:00:00Z",
});

it("counts one as one", () => {
  expect([recordCount(1, "traces"), recordCount(2, "logs"), recordCount(1, "metrics")].map(plain)).toEqual([
    "1 span",
    "2 lines",
    "1 sample",
  ]);
});

describe("what arrives, in one sentence", () => {
  it("counts a sender of several signals once, and leaves out what does not come", () => {
    const sentence = ingestSentence({
      range: "1h",
      senders: [sender("shop", "logs"), sender("shop", "traces"), sender("edge", "logs")],
      signals: [
        signal("logs", { accepted: 3_600, perSecond: 1 }),
        signal("metrics"),
        signal("traces", { accepted: 360, perSecond: 0.1, rejected: 1 }),
      ],
    });
    expect(plain(sentence)).toBe("2 senders in the last hour: 1 lines/s, 0.1 spans/s; 1 record was refused.");
  });

  it("says when nothing was stored, and whether something was refused", () => {
    const nothing = { range: "15m" as const, senders: [], signals: [signal("logs")] };
    expect(ingestSentence(nothing)).toBe("Nothing was stored in the last 15 min; nothing was refused.");
    expect(plain(ingestSentence({ ...nothing, signals: [signal("logs", { rejected: 12 })] }))).toBe(
      "Nothing was stored in the last 15 min; 12 records were refused.",
    );
  });
});

it("draws a trend up to the step in progress", () => {
  expect(finishedSteps([0, 41, 42, 3])).toEqual([0, 41, 42]);
  expect(finishedSteps([])).toEqual([]);
});

describe("a limit", () => {
  it.each([
    [100, 200_000, "ok"],
    [160_000, 200_000, "warning"],
    [200_000, 200_000, "critical"],
    [200_001, 200_000, "critical"],
    [0, 0, "critical"],
  ])("with %s of %s used is %s", (used, max, tone) => {
    expect(fillOf({ used, max }).tone).toBe(tone);
    expect(fillOf({ used, max }).share).toBeLessThanOrEqual(1);
  });

  it("says both numbers", () => expect(plain(fillOf({ used: 12_300, max: 200_000 }).words)).toBe("12 300 of 200 000"));
});
