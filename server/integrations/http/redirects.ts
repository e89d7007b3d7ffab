import { AppError } from "../../agent/kernel/errors.ts";

export interface Hop {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body: string | undefined;
}

const REDIRECT = new Set([301, 302, 303, 307, 308]);
const HARMLESS = new Set(["accept", "accept-language", "user-agent"]);

/** @throws INVALID when it is not an http or https URL */
export function httpUrl(text: string, base?: URL): URL {
  const url = URL.canParse(text, base) ? new URL(text, base) : null;
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new AppError("INVALID", `\`${text.slice(0, 200)}\` is not an http or https URL.`);
  return url;
}

/**
 * The request that follows a redirect, or null when the answer is none (RFC 9110, 15.4). Another origin gets no
 * headers of ours, which may hold credentials, and no user or password of the URL.
 */
export function nextHop(hop: Hop, status: number, location: string | undefined): Hop | null {
  if (!REDIRECT.has(status) || !location) return null;
  const url = httpUrl(location, hop.url);
  url.hash = "";
  const toGet = status === 303 ? hop.method !== "HEAD" : status <= 302 && hop.method === "POST";
  const headers =
    url.origin === hop.url.origin
      ? hop.headers
      : Object.fromEntries(Object.entries(hop.headers).filter(([name]) => HARMLESS.has(name.toLowerCase())));
  return { url, method: toGet ? "GET" : hop.method, headers, body: toGet ? undefined : hop.body };
}
