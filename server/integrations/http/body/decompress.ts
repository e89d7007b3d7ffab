import { promisify } from "node:util";
import { gunzip, inflate, inflateRaw, zstdDecompress } from "node:zlib";
import { AppError } from "../../../agent/kernel/errors.ts";

type Decompressor = (body: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;

/** RFC 9110 calls a zlib stream "deflate"; some senders leave its header out. Its first byte tells: method 8. */
const inflateEither: Decompressor = (body, options) =>
  ((body[0] ?? 0) & 0x0f) === 8 ? promisify(inflate)(body, options) : promisify(inflateRaw)(body, options);

const DECOMPRESSORS = new Map<string, Decompressor>([
  ["gzip", promisify(gunzip)],
  ["x-gzip", promisify(gunzip)],
  ["deflate", inflateEither],
  ["zstd", promisify(zstdDecompress)],
]);

/**
 * Undoes the Content-Encoding of a request's body, off the main thread. `snappy` is left as it is: it is part of the
 * formats of Prometheus and Loki, whose decoders undo it whatever the header says.
 * @param encoding the header's value; none, "" or `identity` for a plain body
 * @throws INVALID for an encoding that is not known, a broken stream, or more than `maxBytes` bytes
 */
export async function decompress(
  body: Uint8Array,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Uint8Array> {
  const name = encoding?.trim().toLowerCase() ?? "";
  if (body.byteLength > maxBytes) throw tooLarge(maxBytes, "");
  if (name === "" || name === "identity" || name === "snappy") return body;
  const undo = DECOMPRESSORS.get(name);
  if (!undo)
    throw new AppError("INVALID", "This Content-Encoding is not known. Use gzip, deflate, zstd or none.", {
      details: { allowed: ["gzip", "deflate", "zstd", "identity"] },
    });
  try {
    return await undo(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      throw tooLarge(maxBytes, " after decompression");
    throw new AppError("INVALID", `The body is not a whole ${name} stream. Send it again.`, { cause });
  }
}

const tooLarge = (maxBytes: number, when: string): AppError =>
  new AppError("INVALID", `The body is more than ${maxBytes} bytes${when}. Send smaller batches.`, {
    details: { maxBytes },
  });
