/** Microseconds from 1970 to 2000, where PostgreSQL's timestamps begin. */
const EPOCH_MICROS = 946_684_800_000_000;
const HEADER = Buffer.from("5047434f50590aff0d0a00" + "00000000" + "00000000", "hex");
const FIRST_BYTES = 65_536;
/** a buffer that one large batch made grow is given up after it */
const KEPT_BYTES = 8_388_608;
/** below this, copying character by character is cheaper than the call into the encoder */
const SHORT = 24;
/** above this, room is made for what the text takes instead of for what it might */
const LONG = 65_536;

/**
 * Rows in the binary format of COPY (PostgreSQL's manual, "COPY", "Binary Format"): half the work of the text format
 * for the server. Text may hold anything: NUL, which PostgreSQL cannot store, and lone surrogates become U+FFFD.
 */
export class CopyRows {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;

  /** bytes since the last `begin` or `take` */
  get bytes(): number {
    return this.#at;
  }

  /** Starts the body of a COPY. */
  begin(): void {
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafe(FIRST_BYTES);
    this.#at = HEADER.copy(this.#buffer);
  }

  /** What was appended since, to be sent before anything else is appended. */
  take(): Buffer {
    const chunk = this.#buffer.subarray(0, this.#at);
    this.#at = 0;
    return chunk;
  }

  /** As `take`, with the end of the body. */
  end(): Buffer {
    this.#room(2);
    this.#at = this.#buffer.writeInt16BE(-1, this.#at);
    return this.take();
  }

  row(fields: number): void {
    this.#room(2);
    this.#at = this.#buffer.writeInt16BE(fields, this.#at);
  }

  null(): void {
    this.#room(4);
    this.#at = this.#buffer.writeInt32BE(-1, this.#at);
  }

  int16(value: number): void {
    this.#sized(2);
    this.#at = this.#buffer.writeInt16BE(value, this.#at);
  }

  int32(value: number): void {
    this.#sized(4);
    this.#at = this.#buffer.writeInt32BE(value, this.#at);
  }

  /** a whole number up to 2^53 */
  int64(value: number): void {
    this.#sized(8);
    const high = Math.floor(value / 0x1_0000_0000);
    this.#at = this.#buffer.writeInt32BE(high, this.#at);
    this.#at = this.#buffer.writeUInt32BE(value - high * 0x1_0000_0000, this.#at);
  }

  float64(value: number): void {
    this.#sized(8);
    this.#at = this.#buffer.writeDoubleBE(value, this.#at);
  }

  /** milliseconds since 1970, with microseconds after the point */
  timestamp(atMs: number): void {
    this.int64(Math.round(atMs * 1_000) - EPOCH_MICROS);
  }

  /** `digits` hex digits as the bytes they stand for: 32 make a uuid, 16 a bigint */
  hex(value: string, digits: 16 | 32): void {
    this.#sized(digits / 2);
    this.#at += this.#buffer.write(value, this.#at, digits / 2, "hex");
  }

  text(value: string): void {
    this.#text(value.includes("\0") ? value.replaceAll("\0", "\uFFFD") : value, -1);
  }

  /** JSON text as jsonb, which is the text behind a version byte */
  jsonb(json: string): void {
    this.#text(json, 1);
  }

  #text(value: string, version: number): void {
    this.#room(5 + (value.length > LONG ? Buffer.byteLength(value) : value.length * 3));
    const buffer = this.#buffer;
    const start = this.#at + 4;
    let at = start;
    if (version >= 0) buffer[at++] = version;
    let i = 0;
    if (value.length <= SHORT)
      for (; i < value.length; i++) {
        const code = value.charCodeAt(i);
        if (code > 127) break;
        buffer[at++] = code;
      }
    if (i < value.length) at += buffer.write(i === 0 ? value : value.slice(i), at, "utf8");
    buffer.writeInt32BE(at - start, this.#at);
    this.#at = at;
  }

  /** the length word of a field of fixed size, and room for both */
  #sized(size: number): void {
    this.#room(4 + size);
    this.#at = this.#buffer.writeInt32BE(size, this.#at);
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}
