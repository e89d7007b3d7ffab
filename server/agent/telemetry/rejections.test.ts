import { describe, expect, it } from "vitest";
import { RejectionTally } from "./rejections.ts";

describe("RejectionTally", () => {
  it("counts by reason, most frequent first, with the first example", () => {
    const tally = new RejectionTally();
    tally.add("rare", () => "one");
    tally.add("often", () => null, 5);
    tally.add("often", () => {
      throw new Error("an example is asked for once");
    });
    expect(tally.list()).toEqual([
      { reason: "often", count: 6, example: null },
      { reason: "rare", count: 1, example: "one" },
    ]);
  });

  it("tells a bounded number of reasons apart", () => {
    const tally = new RejectionTally();
    for (let i = 0; i < 1000; i++) tally.add(`reason ${i}`, () => null);
    const list = tally.list();
    expect(list).toHaveLength(51);
    expect(list[0]).toEqual({ reason: "other reasons", count: 950, example: null });
  });

  it.each([
    ["x".repeat(500), `${"x".repeat(199)}…`],
    ["a\0b\ud800", "a\ufffdb\ufffd"],
    ["GET / Authorization: Bearer abc.def", "GET / Authorization: …"],
    ['{"Set-Cookie":"sid=1","a":1}', '{"Set-Cookie":…'],
    ["x-api-key=123 more", "x-api-key=…"],
  ])("shows of %j %j", (example, shown) => {
    const tally = new RejectionTally();
    tally.add("reason", () => example);
    expect(tally.list()[0]?.example).toBe(shown);
  });
});
