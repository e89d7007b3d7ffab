import { LONGEST_SECRET } from "../../../agent/kernel/confidential/confidential.ts";
import { AppError } from "../../../agent/kernel/errors.ts";
import { storableName, storableText } from "./text.ts";

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** The tag of a field on the wire, as `ProtobufReader.tag` gives it: to be compared in a switch. */
export const varintField = (field: number): number => (field << 3) | VARINT;
export const fixed64Field = (field: number): number => (field << 3) | FIXED64;
/** strings, bytes, messages and packed numbers */
export const bytesField = (field: number): number => (field << 3) | BYTES;

/** short names come again and again: one string for all of them */
const NAME_SLOTS = 4096;
const NAME_BYTES = 64;

/**
 * Reads a protobuf body field by field, inside of one message at a time: no read goes over that message's end, and
 * no length is believed before it was compared. protobuf.js takes a Long for each 64-bit number and checks lengths
 * against the whole body only; a telemetry body is almost all 64-bit numbers and nested messages.
 * Encoding: https://protobuf.dev/programming-guides/encoding
 *
 * Every method throws INVALID, with the offset in `details.position`, where the bytes are no such field.
 */
export class ProtobufReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #names = new Array<string | undefined>(NAME_SLOTS);
  #position = 0;
  #end: number;
  #low = 0;
  #high = 0;

  constructor(body: Uint8Array) {
    this.#bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    this.#view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    this.#end = body.byteLength;
  }

  get position(): number {
    return this.#position;
  }

  /** Whether the current message has another field. */
  more(): boolean {
    return this.#position < this.#end;
  }

  tag(): number {
    this.#varint();
    if (this.#high !== 0 || this.#low >>> 3 === 0) throw this.#broken("no field begins here");
    return this.#low;
  }

  /** Goes into a message; `leave` with what this returned goes on after it. */
  enter(): number {
    const outer = this.#end;
    const length = this.#length();
    this.#end = this.#position + length;
    return outer;
  }

  /** Leaves a message at its end, wherever in it reading stopped. */
  leave(outer: number): void {
    this.#position = this.#end;
    this.#end = outer;
  }

  /** Back to a position of the current message. */
  rewind(position: number): void {
    this.#position = position;
  }

  skip(tag: number): void {
    switch (tag & 7) {
      case VARINT:
        this.#varint();
        return;
      case FIXED64:
        this.#advance(8);
        return;
      case BYTES:
        this.#advance(this.#length());
        return;
      case FIXED32:
        this.#advance(4);
        return;
      default:
        throw this.#broken(`wire type ${tag & 7} is not used in this format`);
    }
  }

  /** The lower 32 bits, signed: int32 and enums. */
  int32(): number {
    this.#varint();
    return this.#low | 0;
  }

  sint32(): number {
    this.#varint();
    return (this.#low >>> 1) ^ -(this.#low & 1);
  }

  bool(): boolean {
    this.#varint();
    return (this.#low | this.#high) !== 0;
  }

  /** Rounded to what a double holds. */
  uint64(): number {
    this.#varint();
    return this.#high * 4294967296 + this.#low;
  }

  int64(): number {
    this.#varint();
    return (this.#high | 0) * 4294967296 + this.#low;
  }

  /** As a number where it is exact, else as its digits. */
  exactInt64(): number | string {
    const value = this.int64();
    return Number.isSafeInteger(value) ? value : String((BigInt(this.#high | 0) << 32n) | BigInt(this.#low));
  }

  fixed32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** Rounded to what a double holds. */
  fixed64(): number {
    const at = this.#advance(8);
    return this.#view.getUint32(at + 4, true) * 4294967296 + this.#view.getUint32(at, true);
  }

  sfixed64(): number {
    const at = this.#advance(8);
    return this.#view.getInt32(at + 4, true) * 4294967296 + this.#view.getUint32(at, true);
  }

  double(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  /** A fixed64 of nanoseconds as milliseconds, exact to the microsecond, which a double would not be before dividing. */
  nanosAsMs(): number {
    const at = this.#advance(8);
    const low = this.#view.getUint32(at, true);
    const high = this.#view.getUint32(at + 4, true);
    // 2^32 = 4,294,967 × 1,000 + 296
    return (high * 4_294_967 + Math.floor((high * 296 + low) / 1000)) / 1000;
  }

  /** A string that can be stored, cut to `maxLength` UTF-16 units. */
  text(maxLength: number): string {
    const length = this.#length();
    const at = this.#advance(length);
    // a unit of UTF-16 takes three bytes of UTF-8 at most: more than that need not be decoded to be cut
    const decoded = this.#bytes.toString("utf8", at, at + Math.min(length, (maxLength + LONGEST_SECRET) * 3));
    return storableText(decoded, maxLength);
  }

  /** As `text`, for names: the same bytes give the same string object while no other name takes its place. */
  name(maxLength: number): string {
    const start = this.#position;
    const length = this.#length();
    if (length > NAME_BYTES) {
      this.#position = start;
      return this.text(maxLength);
    }
    const at = this.#advance(length);
    let hash = length;
    for (let i = at; i < at + length; i++) hash = (hash * 31 + (this.#bytes[i] as number)) | 0;
    const slot = hash & (NAME_SLOTS - 1);
    const known = this.#names[slot];
    if (known !== undefined && this.#equals(known, at, length)) return known;
    const name = storableName(this.#bytes.toString("utf8", at, at + length), maxLength);
    this.#names[slot] = name;
    return name;
  }

  /** Bytes in hexadecimal; null for a length other than `size`, or when all are zero. */
  hexId(size: number): string | null {
    const length = this.#length();
    const at = this.#advance(length);
    if (length !== size) return null;
    const id = this.#bytes.toString("hex", at, at + length);
    return /[^0]/.test(id) ? id : null;
  }

  base64(maxBytes: number): string {
    const length = this.#length();
    const at = this.#advance(length);
    return this.#bytes.toString("base64", at, at + Math.min(length, maxBytes));
  }

  /** Compares a string of ASCII with bytes; other strings are never equal, and so decoded each time. */
  #equals(text: string, at: number, length: number): boolean {
    if (text.length !== length) return false;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127 || code !== this.#bytes[at + i]) return false;
    }
    return true;
  }

  #advance(length: number): number {
    const at = this.#position;
    if (at + length > this.#end) throw this.#broken(`${length} bytes were announced and ${this.#end - at} are left`);
    this.#position = at + length;
    return at;
  }

  #length(): number {
    this.#varint();
    const length = this.#high * 4294967296 + this.#low;
    if (this.#position + length > this.#end)
      throw this.#broken(`${length} bytes were announced and ${this.#end - this.#position} are left`);
    return length;
  }

  /** Reads up to 64 bits into #low and #high, both unsigned. */
  #varint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#position >= this.#end) throw this.#broken("it ends inside of a number");
      const byte = this.#bytes[this.#position++] as number;
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift === 28) {
        low |= (byte & 0x7f) << 28;
        high = (byte & 0x7f) >>> 4;
      } else high |= (byte & 0x7f) << (shift - 32);
      if (byte < 0x80) {
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    throw this.#broken("a number is longer than 64 bits");
  }

  #broken(what: string): AppError {
    const position = this.#position;
    return new AppError("INVALID", `The protobuf body is broken at byte ${position}: ${what}.`, {
      details: { position },
    });
  }
}
