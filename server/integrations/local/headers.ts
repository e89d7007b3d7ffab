import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

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
const FORWARDED = new Set(["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"]);

const namedBy = (connection: string | undefined): string[] =>
  connection === undefined || connection === "keep-alive"
    ? []
    : connection
        .toLowerCase()
        .split(",")
        .map((name) => name.trim());

/** The request's headers for the instance, as a flat list of names and values, with X-Forwarded-* added. */
export function requestHeaders(request: IncomingMessage): string[] {
  const raw = request.rawHeaders;
  const headers: string[] = [];
  let connection: string | undefined;
  let host: string | undefined;
  let forwardedFor = "";
  let forwardedHost: string | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    const value = raw[i + 1] as string;
    if (name === "connection") connection = value;
    else if (name === "x-forwarded-for") forwardedFor += forwardedFor === "" ? value : `, ${value}`;
    else if (name === "x-forwarded-host") forwardedHost = value;
    else if (name === "host") {
      host ??= value;
    } else if (!HOP_BY_HOP.has(name) && !FORWARDED.has(name)) headers.push(name, value);
  }
  const named = namedBy(connection);
  const kept = named.length === 0 ? headers : headers.filter((_, i) => !named.includes(headers[i - (i % 2)] ?? ""));
  const client = request.socket.remoteAddress ?? "unknown";
  if (host !== undefined) kept.push("host", host);
  kept.push("x-forwarded-for", forwardedFor === "" ? client : `${forwardedFor}, ${client}`);
  kept.push("x-forwarded-host", forwardedHost ?? host ?? "", "x-forwarded-proto", "http");
  return kept;
}

/** Takes out of an instance's response headers, in place, what must not reach the client. */
export function stripResponseHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const connection = headers.connection;
  for (const name of namedBy(typeof connection === "string" ? connection : undefined)) delete headers[name];
  for (const name of HOP_BY_HOP) if (headers[name] !== undefined) delete headers[name];
  return headers;
}
