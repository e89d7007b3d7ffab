import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogLineView } from "#server/agent/logs/schema.ts";
import { addToTail, EMPTY_TAIL } from "./tail-buffer.ts";

const line = (n: number): LogLineView => ({
  id: `l${String(n).padStart(6, "0")}`,
  at: new Date(1e12 + n).toISOString(),
  service: "checkout",
  environment: "production",
  version: "",
  instance: "",
  level: "info",
  body: `line ${n}`,
  attributes: {},
  traceId: null,
  spanId: null,
  patternId: null,
});
const ids = (lines: readonly LogLineView[]) => lines.map(({ id }) => id);

describe("the buffer of a live tail", () => {
  it("takes each line once and puts a late one in its place", () => {
    const first = addToTail(EMPTY_TAIL, [line(3), line(1)]);
    const second = addToTail(first, [line(2), line(3), line(4), line(4)]);
    expect(ids(second.lines)).toEqual(ids([1, 2, 3, 4].map(line)));
    expect(second).toMatchObject({ addedNow: 2, dropped: 0 });
  });

  it("is the same buffer when nothing new came", () => {
    const buffer = addToTail(EMPTY_TAIL, [line(1)]);
    expect(addToTail(buffer, [line(1)])).toBe(buffer);
  });

  it("lets the oldest go in blocks, counts them, and does not take them back", () => {
    const full = addToTail(
      EMPTY_TAIL,
      Array.from({ length: 110 }, (_, i) => line(i)),
      100,
    );
    expect(full).toMatchObject({ dropped: 0 });
    const over = addToTail(full, [line(110)], 100);
    expect(over).toMatchObject({ dropped: 11, droppedNow: 11 });
    expect(over.lines).toHaveLength(100);
    expect(addToTail(over, [line(5)], 100)).toBe(over);
  });

  it("stays bounded, ordered and free of repeats whatever comes", () => {
    const batches = fc.array(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 80 }), { maxLength: 30 });
    fc.assert(
      fc.property(batches, (all) => {
        let buffer = EMPTY_TAIL;
        for (const batch of all) buffer = addToTail(buffer, batch.map(line), 50);
        const got = ids(buffer.lines);
        expect(got.length).toBeLessThanOrEqual(55);
        expect(got).toEqual([...new Set(got)].sort());
      }),
    );
  });
});
