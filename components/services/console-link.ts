const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * The address under which the console links to a service. Cookies go to a host whatever its port: on the console's own
 * host a service would be sent the console's. Browsers resolve every name below localhost to loopback (RFC 6761, 6.3).
 */
export function consoleLink(service: string, url: string): string {
  const target = URL.parse(url);
  if (!target || !LOOPBACK.test(target.hostname)) return url;
  // hostname does not take what is no name: it would be left as it is
  target.hostname = `${labelOf(service)}.localhost`;
  return target.href.replace(/\/$/, url.endsWith("/") ? "/" : "");
}

/** A label of a host name: letters, digits and dashes inside, at most 63. */
const labelOf = (service: string): string =>
  service
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "") || "service";
