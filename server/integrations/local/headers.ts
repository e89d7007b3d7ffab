import type { IncomingMessage } from "node:http";
import { withoutConsoleCookies } from "./console-cookies.ts";

/** RFC 9110 section 7.6.1: these belong to one connection. `expect` is answered by the balancer itself. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
]);

/** The request cannot be passed on, whichever instance it went to. `message` is for the client. */
export class BadRequest extends Error {}

/** The header names a Connection header lists, in lower case; none that would change what the message is. */
const namedBy = (connection: string): string[] =>
  connection === "" || connection === "keep-alive" || connection === "close"
    ? []
    : connection
        .toLowerCase()
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "content-length" && name !== "host");

/**
 * Request line and headers for the instance, one character a byte: names, values, their order and case as the client
 * sent them, without what belongs to its connection and without Operate's own cookies, with X-Forwarded-* added.
 */
export function requestHead(request: IncomingMessage, chunked: boolean): string {
  const raw = request.rawHeaders;
  const special: Special = { connection: "", host: null, forwardedFor: "", forwardedHost: null };
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = passedOn(name.toLowerCase(), raw[i + 1] as string, special);
    if (value !== null) kept.push(name, value);
  }
  const { connection, host, forwardedFor, forwardedHost } = special;
  const named = namedBy(connection);
  const client = request.socket.remoteAddress ?? "unknown";
  let head = `${request.method ?? "GET"} ${request.url ?? "/"} HTTP/1.1\r\n`;
  for (let i = 0; i < kept.length; i += 2)
    if (named.length === 0 || !named.includes((kept[i] as string).toLowerCase()))
      head += `${kept[i]}: ${kept[i + 1]}\r\n`;
  head += `connection: keep-alive\r\nx-forwarded-for: ${forwardedFor === "" ? client : `${forwardedFor}, ${client}`}\r\n`;
  head += `x-forwarded-host: ${forwardedHost ?? host ?? ""}\r\nx-forwarded-proto: http\r\n`;
  return `${head}${chunked ? "transfer-encoding: chunked\r\n" : ""}\r\n`;
}

interface Special {
  connection: string;
  host: string | null;
  forwardedFor: string;
  forwardedHost: string | null;
}

/** What a header is passed on with; null: not at all. Notes what the head needs to know of it. */
function passedOn(name: string, value: string, special: Special): string | null {
  switch (name) {
    case "host":
      // RFC 9112 section 3.2: two readers might each take another one
      if (special.host !== null) throw new BadRequest("The request has more than one Host header. Send one.");
      special.host = value;
      return value;
    case "cookie":
      return withoutConsoleCookies(value);
    case "connection":
      special.connection = joined(special.connection, value);
      return null;
    case "x-forwarded-for":
      special.forwardedFor = joined(special.forwardedFor, value);
      return null;
    case "x-forwarded-host":
      special.forwardedHost = value;
      return null;
    case "x-forwarded-proto":
      return null;
    default:
      return HOP_BY_HOP.has(name) ? null : value;
  }
}

const joined = (list: string, value: string): string => (list === "" ? value : `${list}, ${value}`);

/**
 * An instance's response headers for the client: names and values in turn, as they were sent, without what belongs to
 * the instance's connection.
 */
export function responseHeaders(raw: readonly string[]): string[] {
  const kept: string[] = [];
  const length: string[] = [];
  let connection = "";
  let recoded = false;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const lower = name.toLowerCase();
    if (lower === "connection") connection = joined(connection, value);
    if (lower === "transfer-encoding") recoded = true;
    if (HOP_BY_HOP.has(lower)) continue;
    // Node re-codes Content-Disposition once it has seen a length, so the length comes last, and once.
    if (lower === "content-length") length.splice(0, 2, name, value.split(",", 1)[0] as string);
    else kept.push(name, value);
  }
  const named = namedBy(connection);
  const passed =
    named.length === 0 ? kept : kept.filter((_, i) => !named.includes((kept[i - (i % 2)] ?? "").toLowerCase()));
  // RFC 9112 section 6.3: a transfer coding overrides a length.
  return recoded ? passed : passed.concat(length);
}
