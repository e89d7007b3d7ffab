import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { bytesField, fixed64Field, ProtobufReader, varintField } from "./protobuf-reader.ts";
import { storableName } from "./text.ts";

const { Writer } = protobuf;
const bits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

describe("ProtobufReader", () => {
  it("reads numbers as protobuf.js writes them", () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ noNaN: true }), bits, (int, double, unsigned) => {
        const signed = BigInt.asIntN(64, unsigned);
        const [long, signedLong] = [String(unsigned), String(signed)];
        const writer = Writer.create()
          .int32(int)
          .sint32(int)
          .double(double)
          .fixed32(int >>> 0);
        writer.uint64(long).fixed64(long).int64(signedLong).int64(signedLong).sfixed64(signedLong);
        const reader = new ProtobufReader(writer.finish());
        expect([reader.int32(), reader.sint32(), reader.double(), reader.fixed32()]).toEqual([
          int,
          int,
          double,
          int >>> 0,
        ]);
        expect([reader.uint64(), reader.fixed64()]).toEqual([Number(unsigned), Number(unsigned)]);
        expect(reader.int64()).toBe(Number(signed) + 0);
        const exact = Number.isSafeInteger(Number(signed));
        expect(reader.exactInt64()).toEqual(exact ? Number(signed) : signed.toString());
        expect(reader.sfixed64()).toBe(Number(signed) + 0);
        expect(reader.more()).toBe(false);
      }),
    );
  });

  it("reads nanoseconds exactly to the microsecond, until the year 2255", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 53n * 1000n - 1n }), (nanos) => {
        const reader = new ProtobufReader(Writer.create().fixed64(String(nanos)).finish());
        expect(reader.nanosAsMs()).toBe(Number(nanos / 1000n) / 1000);
      }),
    );
  });

  it("reads text as it was written, and names as they are stored, with and without their memory", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 40 }), { maxLength: 20 }), (texts) => {
        const written = texts.map((text) => text.replaceAll("\0", "").toWellFormed());
        const writer = Writer.create();
        for (const text of [...written, ...written]) writer.string(text).string(text);
        const reader = new ProtobufReader(writer.finish());
        for (const text of [...written, ...written])
          expect([reader.name(99), reader.text(99)]).toEqual([storableName(text, 99), text]);
      }),
    );
  });

  it("cuts text between characters", () => {
    const body = Writer.create().string("😀".repeat(40)).string("ü".repeat(40)).finish();
    const reader = new ProtobufReader(body);
    expect([reader.text(6), reader.name(6)]).toEqual(["😀😀…", "üüüüü…"]);
  });

  it("stays inside of a message, and goes on after it", () => {
    const inner = Writer.create().uint32(bytesField(1)).uint32(200).finish(); // 200 bytes that are elsewhere
    const body = Writer.create().uint32(bytesField(1)).bytes(inner).uint32(varintField(2)).int32(7);
    const reader = new ProtobufReader(body.bytes(new Uint8Array(300)).finish());
    expect(reader.tag()).toBe(bytesField(1));
    const outer = reader.enter();
    expect(reader.tag()).toBe(bytesField(1));
    expect(() => reader.text(10)).toThrow("at byte 5: 200 bytes were announced and 0 are left.");
    reader.leave(outer);
    expect([reader.tag(), reader.int32()]).toEqual([varintField(2), 7]);
  });

  it.each([
    ["a group", [0x0b], "wire type 3 is not used"],
    ["field number 0", [0x02], "no field begins here"],
    ["a number without an end", Array(20).fill(0xff), "longer than 64 bits"],
    ["a number that is cut", [0x80], "ends inside of a number"],
    ["a double that is cut", [fixed64Field(1), 1, 2], "8 bytes were announced and 2 are left"],
    [
      "a length beyond 32 bits",
      [bytesField(1), 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
      "bytes were announced and 0 are left",
    ],
  ])("refuses %s", (_, bytes, message) => {
    const reader = new ProtobufReader(Uint8Array.from(bytes));
    expect(() => reader.skip(reader.tag())).toThrow(message);
  });

  it.each([
    [16, 16, "ab".repeat(16), "ab".repeat(16)],
    [16, 8, "ab".repeat(8), null],
    [8, 8, "00".repeat(8), null],
    [8, 8, `${"00".repeat(7)}01`, `${"00".repeat(7)}01`],
  ])("takes an id of %i bytes from %i", (size, _, hex, id) => {
    expect(new ProtobufReader(Writer.create().bytes(Buffer.from(hex, "hex")).finish()).hexId(size)).toBe(id);
  });
});
