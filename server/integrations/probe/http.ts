import type { OutboundHttp } from "../../agent/ports/outbound-http.ts";
import type { ProbeResult, ProbeSpec } from "../../agent/ports/prober.ts";
import { judgeHttp } from "./judge.ts";

type HttpSpec = Extract<ProbeSpec, { type: "http" }>;

/** enough to look for a string or a JSON path; the rest is not read */
const CONTENT_BYTES = 2 ** 20;
const IGNORED_BYTES = 2 ** 16;

/** Asks over a connection of its own, so that each check includes connecting, and TLS where there is any. */
export async function probeHttp(http: OutboundHttp, spec: HttpSpec, signal: AbortSignal): Promise<ProbeResult> {
  const wantsRedirect = spec.expectStatus.some((status) => status >= 300 && status < 400);
  const looksInside = spec.bodyIncludes !== undefined || spec.jsonPath !== undefined;
  const response = await http.request({
    url: spec.url,
    method: spec.method,
    headers: spec.headers,
    timeoutMs: spec.timeoutMs,
    maxBytes: looksInside ? CONTENT_BYTES : IGNORED_BYTES,
    onTooLarge: "truncate",
    retries: 0,
    breaker: false,
    keepAlive: false,
    check: true,
    signal,
    ...(wantsRedirect ? { maxRedirects: 0 } : {}),
    ...(spec.trusted ? { trusted: spec.trusted } : {}),
  });
  const body = looksInside ? new TextDecoder().decode(response.body) : "";
  const { status, truncated, durationMs: latencyMs, tls } = response;
  return judgeHttp({ status, body, truncated, latencyMs, tls }, spec, new Date());
}
