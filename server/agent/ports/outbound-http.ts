/** The one way Operate makes HTTP requests on somebody's behalf. */
export interface OutboundRequest {
  /** http or https */
  url: string;
  method?: "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** dropped, but for accept and user-agent, when a redirect leads to another origin */
  headers?: Record<string, string>;
  body?: string;
  /** for everything together: retries, redirects, reading the body; default 10,000 */
  timeoutMs?: number;
  /** default 5; 0 hands back the redirect itself */
  maxRedirects?: number;
  /** of the body; default 1 MiB */
  maxBytes?: number;
  /** what happens past `maxBytes`: `fail` (default) or `truncate` */
  onTooLarge?: "fail" | "truncate";
  /** further attempts after a broken connection, 429 or 502–504; idempotent methods only; default 2 */
  retries?: number;
  /** false takes no part in the circuit breaker of the host; default true */
  breaker?: boolean;
  /** false opens a connection of its own and closes it after; default true */
  keepAlive?: boolean;
  /** true: asks how a service is, so a balancer of the own platform does not count it as a user's; default false */
  check?: boolean;
  /** exact `host:port` that may be reached although the address is private: a balancer of the own platform */
  trusted?: readonly string[];
  signal?: AbortSignal;
}

export interface OutboundResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Uint8Array;
  /** the body was longer than `maxBytes` and `onTooLarge` was `truncate` */
  truncated: boolean;
  /** after redirects */
  url: string;
  redirects: number;
  /** from the start to the last byte, all attempts included */
  durationMs: number;
  /** of the last hop, with `keepAlive: false`; null over plain http */
  tls: { validTo: string } | null;
}

/**
 * Any status is an answer, not an error.
 * @throws FORBIDDEN for an address that may not be reached, TIMEOUT, UPSTREAM_UNAVAILABLE (no connection, broken
 * answer, open circuit), UPSTREAM_REJECTED (too large, too many redirects), INVALID (not an http URL).
 */
export interface OutboundHttp {
  request(request: OutboundRequest): Promise<OutboundResponse>;
}
