import { expect, it } from "vitest";
import { zoomedOut } from "./zoom-out.ts";

const ends = (range: ReturnType<typeof zoomedOut>) => [range.from.ms, range.to.ms];

it("shows twice as much around the same middle", () => {
  expect(ends(zoomedOut(1_000, 2_000, 9_000))).toEqual([500, 2_500]);
});

it("does not look beyond now", () => {
  expect(ends(zoomedOut(1_000, 2_000, 2_100))).toEqual([100, 2_100]);
});
