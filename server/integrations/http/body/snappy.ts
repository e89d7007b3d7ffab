import { AppError } from "../../../agent/kernel/errors.ts";

const broken = (position: number, what: string): AppError =>
  new AppError("INVALID", `The snappy block is broken at byte ${position}: ${what}. Send the body again.`, {
    details: { position },
  });

/**
 * Decompresses a snappy block (the format without frames, as Prometheus and Loki send it).
 * Source: google/snappy, format_description.txt. Written here because `snappyjs` runs in circles on a literal whose
 * length has its highest bit set, and does not notice when a block yields less than it announced.
 * @throws INVALID for a broken block, or one that announces more than `maxBytes`
 */
export function decompressSnappy(block: Uint8Array, maxBytes: number): Uint8Array {
  const header = readLength(block);
  if (header.length > maxBytes)
    throw new AppError(
      "INVALID",
      `The body is more than ${maxBytes} bytes after decompression. Send smaller batches.`,
      {
        details: { bytes: header.length, maxBytes },
      },
    );
  // an element of three bytes yields 64 at most: an announcement beyond that is a lie, found before memory is taken
  if (header.length > block.length * 22) throw broken(0, `${header.length} bytes cannot come out of ${block.length}`);
  const output = new Uint8Array(header.length);
  let from = header.end;
  let to = 0;
  while (from < block.length) {
    const tag = block[from] as number;
    if ((tag & 3) === 0) {
      const { start, length } = literal(block, from, tag);
      if (start + length > block.length) throw broken(from, "a literal runs over the end");
      if (to + length > output.length) throw broken(from, "more comes out than was announced");
      output.set(block.subarray(start, start + length), to);
      from = start + length;
      to += length;
    } else {
      const size = COPY_SIZES[tag & 3] as number;
      if (from + size > block.length) throw broken(from, "a copy runs over the end");
      const { offset, length } = copy(block, from, tag);
      if (offset === 0 || offset > to) throw broken(from, "a copy points before the begin");
      if (to + length > output.length) throw broken(from, "more comes out than was announced");
      copyWithin(output, to, offset, length);
      from += size;
      to += length;
    }
  }
  if (to !== output.length) throw broken(from, `${output.length} bytes were announced and ${to} came out`);
  return output;
}

/** bytes of a copy element by the lowest two bits of its tag */
const COPY_SIZES = [0, 2, 3, 5];

function readLength(block: Uint8Array): { length: number; end: number } {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { length, end: i + 1 };
  }
  throw broken(0, "it does not begin with a length; is the body compressed with snappy at all");
}

function literal(block: Uint8Array, at: number, tag: number): { start: number; length: number } {
  const code = tag >>> 2;
  if (code < 60) return { start: at + 1, length: code + 1 };
  const size = code - 59;
  let length = 1;
  for (let i = 0; i < size; i++) length += (block[at + 1 + i] ?? 0) * 2 ** (8 * i);
  return { start: at + 1 + size, length };
}

function copy(block: Uint8Array, at: number, tag: number): { offset: number; length: number } {
  const byte = (i: number) => block[at + i] as number;
  if ((tag & 3) === 1) return { offset: ((tag >>> 5) << 8) + byte(1), length: ((tag >>> 2) & 7) + 4 };
  const near = byte(1) + (byte(2) << 8);
  return { offset: (tag & 3) === 2 ? near : near + (byte(3) << 16) + byte(4) * 2 ** 24, length: (tag >>> 2) + 1 };
}

/** A copy may overlap what it writes: then it repeats. */
function copyWithin(output: Uint8Array, to: number, offset: number, length: number): void {
  if (offset >= length && length > 16) output.copyWithin(to, to - offset, to - offset + length);
  else for (let i = 0; i < length; i++) output[to + i] = output[to + i - offset] as number;
}
