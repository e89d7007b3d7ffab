import { AppError } from "../../agent/kernel/errors.ts";
import { hostPort } from "../../agent/kernel/hosts.ts";
import type { OutboundHttp } from "../../agent/ports/outbound-http.ts";
import { clipText } from "../../agent/text/clip-text.ts";

/** An outside system of the configuration that is asked over HTTP: Prometheus, Loki, Jaeger, Tempo. */

export interface EndpointOptions {
  /** as configured; a path in it is kept in front of every path, its query is added to every one */
  url: string;
  headers: Readonly<Record<string, string>>;
  http: OutboundHttp;
  timeoutMs?: number;
}

/** names may repeat */
export type Params = readonly (readonly [name: string, value: string])[];

export interface EndpointAnswer {
  status: number;
  body: Uint8Array;
  /** the body as UTF-8 */
  readonly text: string;
}

export interface AskOptions {
  form?: boolean;
  /** default: JSON */
  accept?: string;
  signal?: AbortSignal | undefined;
}

export interface Endpoint {
  /** without credentials, query and trailing slash: may be shown */
  readonly address: string;
  /** A GET, or a form where the address would become too long and `form` allows it. Any status but 401 and 403 is an answer. */
  ask(path: string, params: Params, options?: AskOptions): Promise<EndpointAnswer>;
}

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 16 * 2 ** 20;
/** servers and proxies take 8 kB at least; far below it, because they differ in what they count */
const LONGEST_QUERY = 2_000;

/**
 * Whoever wrote the configuration named this host, so it may be a private one.
 * @throws from `ask`: UPSTREAM_REJECTED when the credentials are refused or the answer is too large, and what
 * OutboundHttp throws
 */
export function createEndpoint({ url, headers, http, timeoutMs = TIMEOUT_MS }: EndpointOptions): Endpoint {
  const base = new URL(url);
  const prefix = base.pathname.replace(/(?<!\/)\/+$/, "");
  const address = `${base.origin}${prefix}`;
  const trusted = [hostPort(base)];
  return {
    address,
    async ask(path, params, { form = false, accept = "application/json", signal } = {}) {
      const target = new URL(base);
      target.pathname = `${prefix}${path}`;
      const query = new URLSearchParams([...params].map(([name, value]) => [name, value]));
      const asForm = form && query.toString().length > LONGEST_QUERY;
      if (!asForm) for (const [name, value] of query) target.searchParams.append(name, value);
      const response = await http.request({
        url: target.href,
        headers: {
          accept,
          ...headers,
          ...(asForm && { "content-type": "application/x-www-form-urlencoded" }),
        },
        ...(asForm ? { method: "POST" as const, body: query.toString() } : {}),
        timeoutMs,
        maxBytes: MAX_BYTES,
        trusted,
        ...(signal && { signal }),
      });
      if (response.status === 401 || response.status === 403)
        throw new AppError(
          "UPSTREAM_REJECTED",
          `${address} refuses our requests (${response.status}). Set the credentials in \`monitoringConfig.endpointHeaders\`.`,
          { details: { address, status: response.status } },
        );
      const { status, body } = response;
      return {
        ...{ status, body },
        get text() {
          return Buffer.from(body).toString("utf8");
        },
      };
    },
  };
}

/** @throws UPSTREAM_REJECTED when it is not JSON: most often another server answers at this address */
export function jsonOf(endpoint: Endpoint, answer: EndpointAnswer, speaks: string): unknown {
  try {
    return JSON.parse(answer.text);
  } catch (cause) {
    throw new AppError(
      "UPSTREAM_REJECTED",
      `${endpoint.address} did not answer in JSON (status ${answer.status}). Is it ${speaks}?`,
      { details: { address: endpoint.address, status: answer.status, begins: clipText(answer.text, 100) }, cause },
    );
  }
}

/** A status that is no answer, as an error: 5xx and 429 may pass, others need a person. */
export function refusalOf(endpoint: Endpoint, answer: EndpointAnswer, speaks: string): AppError {
  const { address } = endpoint;
  const details = { address, status: answer.status, begins: clipText(answer.text, 200) };
  if (answer.status >= 500 || answer.status === 429)
    return new AppError("UPSTREAM_UNAVAILABLE", `${address} cannot answer now (status ${answer.status}).`, { details });
  return new AppError("UPSTREAM_REJECTED", `${address} answered ${answer.status}. Is it ${speaks}?`, { details });
}
