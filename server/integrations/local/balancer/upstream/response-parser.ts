/**
 * Reads what an instance sends back as HTTP/1.1 (RFC 9112). Bytes are data: names, values and the reason phrase come out
 * as Latin-1 strings, one character a byte, so that written as Latin-1 again they are what was sent.
 */

export interface ResponseHead {
  status: number;
  reason: string;
  /** names and values in turn, in the order and case they were sent */
  headers: string[];
  /** bytes of the body; null: told by its chunks or by the end of the connection */
  length: number | null;
}

export interface ResponseEvents {
  /** a head of status 1xx: the final one is still to come */
  onInformation(head: ResponseHead): void;
  /** the final head */
  onHead(head: ResponseHead): void;
  onData(chunk: Buffer): void;
  /** names and values in turn, at least one */
  onTrailers(fields: string[]): void;
}

/** What the instance sent is not a response. `message` is for the log: it holds none of the bytes. */
export class InvalidResponse extends Error {}

const MOST_HEAD_BYTES = 64 * 1024;
const MOST_LINE_BYTES = 8 * 1024;
/** heads of status 1xx before the final one; early hints come in a few */
const MOST_INFORMATIONS = 100;
const HEAD_END = Buffer.from("\n\r\n");
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([^\0\r\n]*))?$/;
const NAME = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
/** what else is no character of a value is data all the same; these end or cut it somewhere */
const NO_VALUE = /[\0\r\n]/;
const LENGTH = /^\d{1,15}$/;
const CHUNK_SIZE = /^0*([\da-fA-F]{1,13})[\t ]*(?:;.*)?$/;

type State = "head" | "length" | "size" | "chunk" | "chunkEnd" | "trailers" | "untilClose" | "done" | "switched";

interface Framing {
  lengths: Set<string>;
  codings: string[];
  connection: string[];
  keepAlive: string;
}

export class ResponseParser {
  readonly #events: ResponseEvents;
  #state: State = "done";
  #method = "";
  /** the start of a head, or of a line between chunks, that is not complete yet */
  #held: Buffer | null = null;
  #remaining = 0;
  #trailers: string[] = [];
  #trailerBytes = 0;
  #mayUpgrade = false;
  #informations = 0;
  /** a byte of the answer has come */
  begun = false;
  /** the connection may carry another request after this response */
  persistent = false;
  /** how long the instance says it keeps an idle connection, in seconds; null: it does not say */
  keepAliveSeconds: number | null = null;
  /** the head of status 101, and what came behind it, which is of another protocol */
  switched: { head: ResponseHead; rest: Buffer } | null = null;

  constructor(events: ResponseEvents) {
    this.#events = events;
  }

  /** Expects the response to a request with this method next; one that asks for it may change the protocol. */
  begin(method: string, mayUpgrade = false): void {
    this.#method = method;
    this.#mayUpgrade = mayUpgrade;
    this.switched = null;
    this.#state = "head";
    this.#held = null;
    this.begun = false;
    this.#informations = 0;
    this.persistent = false;
    this.keepAliveSeconds = null;
  }

  /** Reads on. @returns whether the response is complete @throws InvalidResponse, or what the events throw */
  read(chunk: Buffer): boolean {
    this.begun = true;
    let at = 0;
    while (at < chunk.length) {
      switch (this.#state) {
        case "head":
          at = this.#readHead(chunk, at);
          break;
        case "length":
        case "chunk":
          at = this.#readBody(chunk, at);
          break;
        case "untilClose":
          this.#events.onData(at === 0 ? chunk : chunk.subarray(at));
          at = chunk.length;
          break;
        case "switched":
          if (this.switched !== null) this.switched.rest = chunk.subarray(at);
          return false;
        case "done":
          // bytes that nobody asked for: the next response cannot be told from them
          this.persistent = false;
          return true;
        default:
          at = this.#readLine(chunk, at);
      }
    }
    return this.#state === "done";
  }

  /** The instance closed its side. @returns whether that completes the response */
  end(): boolean {
    if (this.#state !== "untilClose") return false;
    this.#state = "done";
    return true;
  }

  #readHead(chunk: Buffer, from: number): number {
    const held = this.#held;
    const all = held === null ? chunk : Buffer.concat([held, chunk.subarray(from)]);
    const start = held === null ? from : 0;
    const end = headEnd(all, held === null ? from : Math.max(0, held.length - 2));
    if ((end?.at ?? all.length) - start > MOST_HEAD_BYTES) throw new InvalidResponse("the head is too long");
    if (end === null) {
      this.#held = held === null ? Buffer.from(all.subarray(start)) : all;
      return chunk.length;
    }
    this.#held = null;
    this.#take(all.toString("latin1", start, all[end.at - 1] === 13 ? end.at - 1 : end.at));
    return held === null ? end.after : from + end.after - held.length;
  }

  #take(text: string): void {
    const lines = linesOf(text);
    const [line, minor, code, reason] = STATUS_LINE.exec(lines[0] ?? "") ?? [];
    if (line === undefined) throw new InvalidResponse("the status line cannot be read");
    const status = Number(code);
    const headers = fieldsOf(lines, 1);
    if (status < 200) {
      this.#takeInformation({ status, reason: reason ?? "", headers, length: 0 });
      return;
    }
    const framing = framingOf(headers);
    this.persistent = framing.connection.includes("close")
      ? false
      : minor === "1" || framing.connection.includes("keep-alive");
    const seconds = /(?:^|[,;\s])timeout\s*=\s*"?(\d+)/i.exec(framing.keepAlive)?.[1];
    this.keepAliveSeconds = seconds === undefined ? null : Number(seconds);
    const length = this.#frame(status, framing);
    this.#events.onHead({ status, reason: reason ?? "", headers, length });
  }

  #takeInformation(head: ResponseHead): void {
    if (head.status !== 101) {
      if (++this.#informations > MOST_INFORMATIONS) throw new InvalidResponse("too many heads of status 1xx came");
      this.#events.onInformation(head);
      return;
    }
    if (!this.#mayUpgrade) throw new InvalidResponse("it changed to a protocol that was not asked for");
    this.#state = "switched";
    this.switched = { head, rest: Buffer.alloc(0) };
  }

  /** RFC 9112 section 6.3. @returns the body's length when it is known */
  #frame(status: number, { lengths, codings }: Framing): number | null {
    const [length] = lengths;
    if (lengths.size > 1 || (length !== undefined && !LENGTH.test(length)))
      throw new InvalidResponse("the content length cannot be read");
    const sentNone = status === 204 || status === 304;
    if (this.#method === "HEAD" || sentNone) {
      // what some send all the same would be taken for the next response
      if (sentNone && (codings.length > 0 || Number(length ?? 0) > 0)) this.persistent = false;
      this.#state = "done";
      return 0;
    }
    if (codings.length > 0) {
      // of another coding the client would have to be told, and nobody asked for one
      if (codings.join() !== "chunked") throw new InvalidResponse("its transfer coding is not chunked alone");
      if (length !== undefined) this.persistent = false;
      this.#state = "size";
      return null;
    }
    if (length === undefined) {
      this.persistent = false;
      this.#state = "untilClose";
      return null;
    }
    this.#remaining = Number(length);
    this.#state = this.#remaining === 0 ? "done" : "length";
    return this.#remaining;
  }

  #readBody(chunk: Buffer, from: number): number {
    const to = Math.min(chunk.length, from + this.#remaining);
    this.#remaining -= to - from;
    if (this.#remaining === 0) this.#state = this.#state === "length" ? "done" : "chunkEnd";
    this.#events.onData(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to));
    return to;
  }

  #readLine(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(10, from);
    const part = chunk.subarray(from, end === -1 ? chunk.length : end + 1);
    const line = this.#held === null ? part : Buffer.concat([this.#held, part]);
    if (line.length > MOST_LINE_BYTES) throw new InvalidResponse("a line between chunks is too long");
    if (end === -1) {
      this.#held = Buffer.from(line);
      return chunk.length;
    }
    this.#held = null;
    this.#takeLine(line.toString("latin1", 0, line.length - (line.at(-2) === 13 ? 2 : 1)));
    return end + 1;
  }

  #takeLine(line: string): void {
    if (this.#state === "chunkEnd") {
      if (line !== "") throw new InvalidResponse("a chunk is longer than its size");
      this.#state = "size";
    } else if (this.#state === "size") {
      const size = CHUNK_SIZE.exec(line)?.[1];
      if (size === undefined) throw new InvalidResponse("the size of a chunk cannot be read");
      this.#remaining = Number.parseInt(size, 16);
      this.#trailerBytes = 0;
      this.#trailers = [];
      this.#state = this.#remaining === 0 ? "trailers" : "chunk";
    } else if (line === "") {
      if (this.#trailers.length > 0) this.#events.onTrailers(fieldsOf(this.#trailers, 0));
      this.#state = "done";
    } else {
      this.#trailers.push(line);
      this.#trailerBytes += line.length;
      if (this.#trailerBytes > MOST_HEAD_BYTES) throw new InvalidResponse("the trailers are too long");
    }
  }
}

/** RFC 9112 section 2.2: a line may end with a line feed alone; a carriage return elsewhere is refused by its line. */
function linesOf(text: string): string[] {
  const lines = text.split("\r\n");
  return lines.some((line) => line.includes("\n")) ? text.split(/\r?\n/) : lines;
}

/** Where the empty line that ends a head begins, and where it ends; null: it has not come. */
function headEnd(bytes: Buffer, from: number): { at: number; after: number } | null {
  const usual = bytes.indexOf(HEAD_END, from);
  const head = usual === -1 ? bytes : bytes.subarray(0, usual + 1);
  const bare = head.indexOf("\n\n", from);
  if (bare !== -1) return { at: bare, after: bare + 2 };
  return usual === -1 ? null : { at: usual, after: usual + HEAD_END.length };
}

function fieldsOf(lines: readonly string[], from: number): string[] {
  const fields: string[] = [];
  for (let i = from; i < lines.length; i++) {
    const line = lines[i] ?? "";
    const colon = line.indexOf(":");
    const folded = line.startsWith(" ") || line.startsWith("\t");
    // RFC 9112 section 5.2: a line that goes on is joined by a space
    if (folded && fields.length > 0) fields.push(`${fields.pop()} ${trimmed(line)}`);
    else fields.push(line.slice(0, colon), trimmed(line.slice(colon + 1)));
    const value = fields.at(-1) ?? "";
    if (NO_VALUE.test(value)) throw new InvalidResponse("a header's value cannot be read");
    if (!folded && (colon < 1 || !NAME.test(fields.at(-2) ?? ""))) throw new InvalidResponse("a header cannot be read");
  }
  return fields;
}

/** Without spaces and tabs at both ends; `trim` would take other bytes too, U+00A0 among them. */
function trimmed(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}
const isBlank = (code: number): boolean => code === 32 || code === 9;

const listOf = (value: string): string[] => value.split(",").map((item) => item.trim().toLowerCase());

function framingOf(headers: readonly string[]): Framing {
  const framing: Framing = { lengths: new Set(), codings: [], connection: [], keepAlive: "" };
  for (let i = 0; i < headers.length; i += 2) {
    const value = headers[i + 1] ?? "";
    switch (headers[i]?.length) {
      case 10: {
        const name = headers[i]?.toLowerCase();
        if (name === "connection") framing.connection.push(...listOf(value));
        else if (name === "keep-alive") framing.keepAlive += `,${value}`;
        break;
      }
      case 14:
        if (headers[i]?.toLowerCase() === "content-length") for (const one of listOf(value)) framing.lengths.add(one);
        break;
      case 17:
        if (headers[i]?.toLowerCase() === "transfer-encoding") framing.codings.push(...listOf(value));
        break;
    }
  }
  return framing;
}
