import { promisify } from "node:util";
import { deflate, deflateRaw, gzip, zstdCompress } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decompress } from "./decompress.ts";

const BODY = Buffer.from("a line of a log\n".repeat(1000));
const ENCODINGS = [
  ["gzip", promisify(gzip)],
  ["x-gzip", promisify(gzip)],
  [" GZIP ", promisify(gzip)],
  ["deflate", promisify(deflate)],
  ["deflate", promisify(deflateRaw)],
  ["zstd", promisify(zstdCompress)],
] as const;

describe("decompress", () => {
  it.each(ENCODINGS)("undoes %j", async (encoding, compress) => {
    expect(Buffer.from(await decompress(await compress(BODY), encoding, BODY.length))).toEqual(BODY);
  });

  it.each(ENCODINGS)("stops %j that gives more than the limit", async (encoding, compress) => {
    const bomb = await compress(Buffer.alloc(5_000_000));
    await expect(decompress(bomb, encoding, 100_000)).rejects.toMatchObject({
      code: "INVALID",
      message: "The body is more than 100000 bytes after decompression. Send smaller batches.",
    });
  });

  it.each(ENCODINGS)("refuses %j that is cut or broken", async (encoding, compress) => {
    const whole = await compress(BODY);
    for (const broken of [whole.subarray(0, whole.length - 9), Buffer.from("?"), Buffer.alloc(0)])
      await expect(decompress(broken, encoding, 1e6)).rejects.toMatchObject({ code: "INVALID" });
  });

  it.each([undefined, "", "identity", "snappy"])("leaves %j as it is", async (encoding) => {
    expect(await decompress(BODY, encoding, BODY.length)).toBe(BODY);
    await expect(decompress(BODY, encoding, 10)).rejects.toThrow("The body is more than 10 bytes.");
  });

  it.each(["br", "gzip, gzip", "constructor"])("does not know %j", async (encoding) => {
    await expect(decompress(BODY, encoding, 1e6)).rejects.toThrow("Use gzip, deflate, zstd or none");
  });

  it("survives random bytes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom("gzip", "deflate", "zstd"),
        async (body, name) => {
          const result = await decompress(body, name, 1000).catch((error: unknown) => error);
          expect(result instanceof Uint8Array || (result as { code: string }).code === "INVALID").toBe(true);
        },
      ),
    );
  });
});
