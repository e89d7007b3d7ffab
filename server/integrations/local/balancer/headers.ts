import type { IncomingMessage } from "node:http";
import { setsConsoleCookie, withoutConsoleCookies } from "./console-cookies.ts";
import { forwardedPaths } from "./forwarded.ts";
import { hasControl } from "./raw-head.ts";

/** RFC 9110 section 7.6.1: these belong to one connection. Some of them are written anew by `requestHead`. */
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
/** RFC 9110 section 6.5.1: trailers that would change what the message is, or whom it concerns. */
const NO_TRAILER = /^(?:content-(?:length|encoding|type|range)|host|set-cookie|authorization|cookie)$/i;

/** The request cannot be passed on, whichever instance it went to. `message` is for the client. */
export class BadRequest extends Error {}

const NONE: ReadonlySet<string> = new Set();

/** The header names a Connection header lists, in lower case; none that would change what the message is. */
function namedBy(connection: string): ReadonlySet<string> {
  if (connection === "" || connection === "keep-alive" || connection === "close") return NONE;
  const names = connection.toLowerCase().split(",");
  return new Set(names.map((name) => name.trim()).filter((name) => name !== "content-length" && name !== "host"));
}

/** How a request is passed on. */
export interface HeadOptions {
  chunked: boolean;
  /** it asks for another protocol on its connection */
  upgrade: boolean;
  expectsContinue: boolean;
  /** it comes from a front whose word on where it got the request from counts */
  trusted: boolean;
}

/**
 * Request line and headers for the instance, one character a byte: names, values, their order and case as the client
 * sent them, without what belongs to its connection and without Operate's own cookies. X-Forwarded-* and Forwarded
 * (RFC 7239) say where the request came from: a trusted front's are kept, of others they are written anew.
 * @throws BadRequest
 */
export function requestHead(request: IncomingMessage, options: HeadOptions): string {
  const unreadable = unreadableBecause(request);
  if (unreadable !== null) throw new BadRequest(unreadable);
  const raw = request.rawHeaders;
  const special: Special = { connection: "", host: null, upgrade: "", te: "", forwarded: {}, options };
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = passedOn(name.toLowerCase(), raw[i + 1] as string, special);
    if (value !== null) kept.push(name, value);
  }
  const { path, authority } = originForm(request.method ?? "GET", request.url ?? "/");
  const { localAddress, localPort } = request.socket;
  // RFC 9112 section 3.2.2: the target's host replaces the header's. HTTP/1.0 may have neither.
  const host = authority ?? special.host ?? `${localAddress}:${localPort}`;
  let head = `${request.method ?? "GET"} ${path} HTTP/1.1\r\n`;
  if (special.host === null) head += `Host: ${host}\r\n`;
  const named = namedBy(special.connection);
  for (let i = 0; i < kept.length; i += 2) {
    const lower = named.size === 0 && authority === null ? "" : (kept[i] as string).toLowerCase();
    if (authority !== null && lower === "host") head += `${kept[i]}: ${authority}\r\n`;
    else if (named.size === 0 || !named.has(lower)) head += `${kept[i]}: ${kept[i + 1]}\r\n`;
  }
  return `${head}${connectionLines(special)}${forwardedLines(request, host, special)}\r\n`;
}

/** Why a request is refused that Node lets pass though an instance might read it in another way, or cannot read it. */
function unreadableBecause({ httpVersion, headers }: IncomingMessage): string | null {
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return `HTTP/${httpVersion} is not supported. Send HTTP/1.1.`;
  // RFC 9112 section 3.2
  if (httpVersion === "1.1" && headers.host === undefined) return "The request has no Host header.";
  const coding = headers["transfer-encoding"];
  return coding === undefined || coding.trim().toLowerCase() === "chunked"
    ? null
    : "The only transfer coding that is supported is chunked.";
}

/** Whether `requestHead` does not refuse the request for how it was sent. */
export const isReadable = (request: IncomingMessage): boolean => unreadableBecause(request) === null;

interface Special {
  connection: string;
  host: string | null;
  upgrade: string;
  te: string;
  /** what a trusted front said, by name; of others only which of them they sent */
  forwarded: Record<string, string>;
  options: HeadOptions;
}

/** What a header is passed on with; null: not at all, or written later. Notes what the head needs to know of it. */
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
    case "upgrade":
      special.upgrade = joined(special.upgrade, value);
      return null;
    case "te":
      special.te = joined(special.te, value);
      return null;
    case "trailer":
      return special.options.chunked ? value : null;
    case "forwarded":
      special.forwarded[name] = joined(special.forwarded[name] ?? "", value);
      return null;
    default:
      if (name.charCodeAt(0) === 120) return forwardedOn(name, value, special);
      return HOP_BY_HOP.has(name) ? null : value;
  }
}

/** Of a header whose name starts with an x. To some servers an underscore is a dash. Operate's mark is for nobody else. */
function forwardedOn(name: string, value: string, { forwarded, options }: Special): string | null {
  if (/^x[-_]operate[-_]check$/.test(name)) return null;
  if (/^x[-_]real[-_]ip$/.test(name)) return options.trusted && !name.includes("_") ? value : null;
  if (!/^x[-_]forwarded(?:[-_]|$)/.test(name)) return value;
  if (!options.trusted || name.includes("_")) return null;
  forwarded[name] = joined(forwarded[name] ?? "", value);
  return name === "x-forwarded-for" ? null : value;
}

function connectionLines({ upgrade, te, options }: Special): string {
  // RFC 9110 section 10.1.4: who takes trailers says so for this connection
  const trailers = te !== "" && /(?:^|,)[\t ]*trailers\b/i.test(te);
  let lines = `connection: ${options.upgrade ? "upgrade" : "keep-alive"}${trailers ? ", te" : ""}\r\n`;
  if (options.upgrade) lines += `upgrade: ${upgrade}\r\n`;
  if (trailers) lines += "te: trailers\r\n";
  if (options.expectsContinue) lines += "expect: 100-continue\r\n";
  if (options.chunked) lines += "transfer-encoding: chunked\r\n";
  return lines;
}

function forwardedLines(request: IncomingMessage, host: string, { forwarded, options }: Special): string {
  const client = request.socket.remoteAddress ?? "unknown";
  const sent = forwarded.forwarded;
  const told = options.trusted && sent !== undefined ? forwardedPaths(sent) : {};
  const before = forwarded["x-forwarded-for"] ?? told.clients;
  let lines = `x-forwarded-for: ${before === undefined ? client : `${before}, ${client}`}\r\n`;
  if (forwarded["x-forwarded-host"] === undefined) lines += `x-forwarded-host: ${told.host ?? host}\r\n`;
  const proto = forwarded["x-forwarded-proto"];
  if (proto === undefined) lines += `x-forwarded-proto: ${told.proto ?? "http"}\r\n`;
  // a front's protocol and host have a port of their own
  const ownPort = (proto ?? told.proto ?? forwarded["x-forwarded-host"] ?? told.host) === undefined;
  if (ownPort && forwarded["x-forwarded-port"] === undefined)
    lines += `x-forwarded-port: ${request.socket.localPort}\r\n`;
  if (sent === undefined) return lines;
  const quotable = /^[\w.:[\]-]+$/.test(host);
  const own = `for=${client.includes(":") ? `"[${client}]"` : client}${quotable ? `;host="${host}"` : ""};proto=http`;
  return `${lines}forwarded: ${options.trusted ? `${sent}, ${own}` : own}\r\n`;
}

/** RFC 9112 section 3.2: what a request asks for, as an origin server takes it. */
function originForm(method: string, target: string): { path: string; authority: string | null } {
  if (target.includes("#")) throw new BadRequest("The target of the request has a fragment. Send it without.");
  if (target.startsWith("/") || (target === "*" && method === "OPTIONS")) return { path: target, authority: null };
  const [, authority, rest = ""] = /^https?:\/\/([^/?#@\s]+)([/?].*)?$/i.exec(target) ?? [];
  if (authority === undefined)
    throw new BadRequest("The target of the request is neither a path nor an http address. Send a path.");
  if (rest === "") return { path: method === "OPTIONS" ? "*" : "/", authority };
  return { path: rest.startsWith("/") ? rest : `/${rest}`, authority };
}

const joined = (list: string, value: string): string => (list === "" ? value : `${list}, ${value}`);

/**
 * An instance's response headers for the client: names and values in turn, as they were sent, without what belongs to
 * the instance's connection and without cookies of Operate's console. A 426 keeps the protocols it asks for.
 */
export function responseHeaders(
  raw: readonly string[],
  { trailers, status, closes = false }: { trailers: boolean; status: number; closes?: boolean },
): string[] {
  const kept: string[] = [];
  const length: string[] = [];
  let connection = "";
  let upgrade = "";
  let recoded = false;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const lower = name.toLowerCase();
    if (lower === "connection") connection = joined(connection, value);
    if (lower === "transfer-encoding") recoded = true;
    if (lower === "upgrade") upgrade = joined(upgrade, value);
    if (isWithheld(lower, value, status)) continue;
    if (HOP_BY_HOP.has(lower) && !(trailers && lower === "trailer")) continue;
    // Node re-codes Content-Disposition once it has seen a length, so the length comes last, and once.
    if (lower === "content-length") length.splice(0, 2, name, value.split(",", 1)[0] as string);
    else kept.push(name, value);
  }
  const named = namedBy(connection);
  const passed = named.size === 0 ? kept : kept.filter((_, i) => !named.has((kept[i - (i % 2)] ?? "").toLowerCase()));
  // RFC 9110 section 15.5.22
  if (status === 426 && upgrade !== "")
    passed.push("connection", closes ? "upgrade, close" : "upgrade", "upgrade", upgrade);
  // RFC 9112 section 6.3: a transfer coding overrides a length.
  return recoded ? passed : passed.concat(length);
}

function isWithheld(name: string, value: string, status: number): boolean {
  if (name === "set-cookie" && setsConsoleCookie(value)) return true;
  // Node writes no control characters in a head of status 1xx
  return status < 200 && status !== 101 && hasControl(value);
}

/** The head that tells a client that its connection speaks another protocol from now on; one character a byte. */
export function switchingHead(reason: string, raw: readonly string[], added: readonly string[]): string {
  const protocols = raw.filter((_, i) => i % 2 === 1 && raw[i - 1]?.toLowerCase() === "upgrade");
  const headers = [...responseHeaders(raw, { trailers: false, status: 101 }), ...added];
  let head = `HTTP/1.1 101 ${reason}\r\nConnection: Upgrade\r\nUpgrade: ${protocols.join(", ")}\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${head}\r\n`;
}

/** Trailers that may be passed on, as pairs: none that changes what the message is, nor that Node does not write. */
export function passedTrailers(raw: readonly string[]): [string, string][] {
  const kept: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name, value] = [raw[i] as string, raw[i + 1] as string];
    if (!NO_TRAILER.test(name) && !hasControl(value) && !HOP_BY_HOP.has(name.toLowerCase())) kept.push([name, value]);
  }
  return kept;
}
