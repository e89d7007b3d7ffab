import { isIP } from "node:net";
import { AppError } from "./errors.ts";

/** Hosts as a configuration names them: read here by its check and by whoever connects to them. */

/** `0x7f.1`, `2130706433` and `[::1]` become the address they mean. @throws INVALID for what is no host */
export function canonicalHost(host: string): string {
  const bracketed = isIP(host) === 6 ? `[${host}]` : host;
  const url = /[/?#@\\:\s]/.test(bracketed.replace(/^\[.*\]$/, "")) ? null : URL.parse(`http://${bracketed}`);
  if (!url) throw new AppError("INVALID", `\`${host}\` is not a host name or address.`);
  return url.hostname.replace(/^\[|\]$/g, "");
}

/** `1.1.1.1`, `1.1.1.1:5353`, `[fd00::1]:53`, `fd00::1`, `ns.example.org:53` as host and port. @throws INVALID */
export function parseServer(server: string): { host: string; port: number } {
  if (isIP(server)) return { host: server, port: 53 };
  const parts = /^(?:\[([^\]]+)\]|([^\]:[]+))(?::(\d{1,5}))?$/.exec(server);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3] ?? 53);
  if (!host || port < 1 || port > 65_535)
    throw new AppError("INVALID", `\`${server}\` is not a resolver. Write it as address or address:port.`);
  canonicalHost(host);
  return { host, port };
}

/** `host:port` of a URL as `OutboundRequest.trusted` names it. */
export const hostPort = (url: URL): string => `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
