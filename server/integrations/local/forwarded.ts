import { isIP } from "node:net";

/** One parameter of a Forwarded header: a token or a quoted string as value (RFC 7239 section 4). */
const PARAMETER = /(?<![^\s=;,"])([^\s=;,"]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))/g;
const HOST = /^[\w.:[\]-]+$/;
const PROTO = /^[a-z][a-z\d+.-]*$/i;

/**
 * What a Forwarded header says in the words of X-Forwarded-*: every client's address in order, without ports and
 * obfuscated names, and the host and protocol that were asked for first. What it does not say is missing.
 */
export function forwardedPaths(value: string): { clients?: string; host?: string; proto?: string } {
  const clients: string[] = [];
  const first = new Map<string, string>();
  for (const [, name = "", quoted, token] of value.matchAll(PARAMETER)) {
    const said = quoted?.replace(/\\(.)/g, "$1") ?? token ?? "";
    const address = addressOf(said);
    if (name.toLowerCase() === "for" && address !== null) clients.push(address);
    else if (!first.has(name.toLowerCase())) first.set(name.toLowerCase(), said);
  }
  const [host, proto] = [first.get("host"), first.get("proto")];
  return {
    ...(clients.length > 0 && { clients: clients.join(", ") }),
    ...(host !== undefined && HOST.test(host) && { host }),
    ...(proto !== undefined && PROTO.test(proto) && { proto: proto.toLowerCase() }),
  };
}

/** RFC 7239 section 6: an IPv6 address stands in brackets, a port may follow either. */
function addressOf(node: string): string | null {
  const address = /^\[([^\]]*)\](?::.*)?$/.exec(node)?.[1] ?? node.replace(/:\d+$/, "");
  return isIP(address) === 0 ? null : address;
}
