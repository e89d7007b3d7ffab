import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";
import type { Environment } from "./settings.ts";

/** The header that carries the address of the client inside Operate. Whatever a client sends in it is overwritten. */
export const CLIENT_ADDRESS_HEADER = "x-operate-client-address";
/** The header that carries `http` or `https`: how the client came. Overwritten likewise. */
export const CLIENT_SCHEME_HEADER = "x-operate-client-scheme";

const plainAddress = (text: string): string | null =>
  ipaddr.isValid(text.trim()) ? ipaddr.process(text.trim()).toString() : null;

const EMBEDDED = [
  // where the four bytes of IPv4 begin: what a translator (NAT64 and SIIT, RFC 6052 and 8215) or a 6to4 relay writes
  { prefix: ipaddr.IPv6.parse("64:ff9b::"), bits: 96, at: 12 },
  { prefix: ipaddr.IPv6.parse("64:ff9b:1::"), bits: 48, at: 12 },
  { prefix: ipaddr.IPv6.parse("::ffff:0:0:0"), bits: 96, at: 12 },
  { prefix: ipaddr.IPv6.parse("2002::"), bits: 16, at: 2 },
] as const;

/** The client behind an address of IPv6 that a translator made of one of IPv4, or that was mapped; else the same. */
function unwrapped(text: string): ipaddr.IPv4 | ipaddr.IPv6 {
  const address = ipaddr.process(text);
  if (!(address instanceof ipaddr.IPv6)) return address;
  const form = EMBEDDED.find(({ prefix, bits }) => address.match(prefix, bits));
  return form ? new ipaddr.IPv4(address.toByteArray().slice(form.at, form.at + 4)) : address;
}

/** An entry that is neither an address nor a network trusts nobody. */
function isTrusted(address: string, proxies: readonly string[]): boolean {
  const parsed = ipaddr.process(address);
  return proxies.some((proxy) => {
    if (!proxy.includes("/")) return plainAddress(proxy) === address;
    if (!ipaddr.isValidCIDR(proxy)) return false;
    const [network, bits] = ipaddr.parseCIDR(proxy);
    return parsed.kind() === network.kind() && parsed.match(network, bits);
  });
}

/**
 * The client's address: the socket's, unless the socket is a trusted proxy; then the nearest address in
 * X-Forwarded-For, read from the right, that is not one of the trusted proxies. Which are trusted is judged by the
 * addresses as they came; only the answer is the IPv4 address that a translator wrapped.
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: readonly string[],
): string | null {
  let address = plainAddress(socketAddress ?? "");
  const hops = (forwardedFor ?? "").split(",").reverse();
  for (const hop of hops) {
    if (!address || !isTrusted(address, trustedProxies)) break;
    const next = plainAddress(hop);
    if (!next) break;
    address = next;
  }
  return address && unwrapped(address).toString();
}

/** What limits count an address by: one customer has a /64 of IPv6 at least, which counts as one. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return "unknown";
  const parsed = unwrapped(address);
  return parsed.kind() === "ipv6" ? parsed.toByteArray().slice(0, 8).join(".") : parsed.toString();
}

/** The wide network of what `networkOf` returned: a /48 of IPv6, which one customer may have whole; else the same. */
export function widerNetworkOf(network: string): string {
  const bytes = network.split(".");
  return bytes.length === 8 ? bytes.slice(0, 6).join(".") : network;
}

const proxiesOf = (env: Environment): string[] =>
  (env.OPERATE_TRUSTED_PROXIES ?? "")
    .split(",")
    .map((proxy) => proxy.trim())
    .filter(Boolean);

/** How the client came to us or to the trusted proxy before us. A stranger's word counts for nothing. */
function clientScheme(request: IncomingMessage, env: Environment): "http" | "https" {
  const address = plainAddress(request.socket.remoteAddress ?? "");
  const said = String(request.headers["x-forwarded-proto"] ?? "");
  const isSaid = said.split(",").at(-1)?.trim().toLowerCase() === "https";
  return isSaid && address !== null && isTrusted(address, proxiesOf(env)) ? "https" : "http";
}

/** Whether the client came over https: by the base URL, or by what a trusted proxy says of this request. */
export function isHttps(request: IncomingMessage, env: Environment = process.env): boolean {
  if (env.OPERATE_BASE_URL?.toLowerCase().startsWith("https://")) return true;
  return clientScheme(request, env) === "https";
}

/** Writes the client's address and scheme into a request's headers, before any handler reads them. */
export function stampClientAddress(request: IncomingMessage, env: Environment = process.env): void {
  const proxies = proxiesOf(env);
  request.headers[CLIENT_SCHEME_HEADER] = clientScheme(request, env);
  const forwarded = request.headers["x-forwarded-for"];
  const chain = Array.isArray(forwarded) ? forwarded.join(",") : forwarded;
  const address = clientAddress(request.socket.remoteAddress, chain, proxies);
  if (address) request.headers[CLIENT_ADDRESS_HEADER] = address;
  else delete request.headers[CLIENT_ADDRESS_HEADER];
}
