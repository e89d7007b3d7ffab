import { isIP } from "node:net";

const HOST = /^[\w.:[\]-]+$/;
const PROTO = /^[a-z][a-z\d+.-]*$/i;

/**
 * What a Forwarded header says in the words of X-Forwarded-*: every client's address in order, without ports and
 * obfuscated names, and the host and protocol that were asked for first. What it does not say is missing.
 */
export function forwardedPaths(value: string): { clients?: string; host?: string; proto?: string } {
  const clients: string[] = [];
  const first = new Map<string, string>();
  for (const parameter of splitUnquoted(value)) {
    const at = parameter.indexOf("=");
    if (at < 1) continue;
    const name = parameter.slice(0, at).trim().toLowerCase();
    const said = unquoted(parameter.slice(at + 1).trim());
    const address = name === "for" ? addressOf(said) : null;
    if (address !== null) clients.push(address);
    else if (!first.has(name)) first.set(name, said);
  }
  const [host, proto] = [first.get("host"), first.get("proto")];
  return {
    ...(clients.length > 0 && { clients: clients.join(", ") }),
    ...(host !== undefined && HOST.test(host) && { host }),
    ...(proto !== undefined && PROTO.test(proto) && { proto: proto.toLowerCase() }),
  };
}

/**
 * The parameters of all elements: RFC 7239 section 4 parts them by semicolons and commas, which also stand in quoted
 * strings. Each character is looked at once: whoever sends the value may choose it.
 */
function splitUnquoted(value: string): string[] {
  const parts: string[] = [];
  let [start, quoted] = [0, false];
  for (let i = 0; i < value.length; i++) {
    const char = value[i];
    if (char === '"') quoted = !quoted;
    else if (quoted && char === "\\") i++;
    else if (!quoted && (char === ";" || char === ",")) {
      parts.push(value.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(value.slice(start));
  return parts;
}

const unquoted = (value: string): string =>
  value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;

/** RFC 7239 section 6: an IPv6 address stands in brackets, a port may follow either. */
function addressOf(node: string): string | null {
  const address = /^\[([^\]]*)\](?::.*)?$/.exec(node)?.[1] ?? node.replace(/:\d+$/, "");
  return isIP(address) === 0 ? null : address;
}
