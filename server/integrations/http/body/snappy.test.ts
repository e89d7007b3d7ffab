import fc from "fast-check";
import snappyjs from "snappyjs";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../agent/kernel/errors.ts";
import { decompressSnappy } from "./snappy.ts";

/** bytes with enough in common that there is something to copy */
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 90 }), fc.integer({ min: 1, max: 40 })), { maxLength: 12 })
  .map((parts) => Buffer.concat(parts.map(([bytes, times]) => Buffer.alloc(bytes.length * times, bytes))));

describe("decompressSnappy", () => {
  it("undoes what another implementation compressed", () => {
    fc.assert(
      fc.property(repetitive, (body) => {
        expect(Buffer.from(decompressSnappy(snappyjs.compress(body), 1e6)).equals(body)).toBe(true);
      }),
    );
    const long = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));
    expect(Buffer.from(decompressSnappy(snappyjs.compress(long), 1e6)).equals(long)).toBe(true);
  });

  it("reads all elements of the format", () => {
    // a literal, copies with offsets of one, two and four bytes, the last one overlapping itself
    const block = [0x14, 0x08, 1, 2, 3, 0x01, 3, 0x0a, 3, 0, 0x1f, 1, 0, 0, 0, 0xf0, 0x01, 9, 9];
    const result = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9, 9];
    expect([...decompressSnappy(Uint8Array.from(block), 100)]).toEqual(result);
  });

  it.each([
    ["is empty", []],
    ["has a length without an end", [0x80, 0x80, 0x80, 0x80, 0x80, 0x80]],
    ["announces more than can come out of it", [0xff, 0xff, 0xff, 0x0f, 0]],
    ["has a literal over its end", [5, 0x10, 1]],
    ["has a literal whose length is negative as an int32", [20, 0xfc, 0xf0, 0xff, 0xff, 0xff, 1, 2, 3]],
    ["has a copy over its end", [5, 0x00, 1, 0x0e, 1]],
    ["has a copy from before its begin", [8, 0x00, 1, 0x01, 2]],
    ["has a copy of itself", [8, 0x00, 1, 0x01, 0]],
    ["gives less than it announced", [5, 0x00, 1]],
    ["gives more than it announced", [1, 0x04, 1, 2]],
    ["copies more than it announced", [3, 0x00, 1, 0x01, 1]],
  ])("refuses a block that %s", (_, block) => {
    expect(() => decompressSnappy(Uint8Array.from(block), 2 ** 30)).toThrow("The snappy block is broken at byte");
  });

  it("refuses more than the limit before it takes memory", () => {
    expect(() => decompressSnappy(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f]), 1000)).toThrow(
      "more than 1000 bytes",
    );
  });

  it("ends for any bytes", () => {
    const block = fc
      .tuple(fc.nat(200), fc.uint8Array({ maxLength: 60 }))
      .map(([length, rest]) => [length % 128, ...rest]);
    fc.assert(
      fc.property(block, (bytes) => {
        try {
          expect(decompressSnappy(Uint8Array.from(bytes), 1000)).toHaveLength(bytes[0] as number);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          expect(error.code).toBe("INVALID");
        }
      }),
      { numRuns: 2000 },
    );
  });
});
