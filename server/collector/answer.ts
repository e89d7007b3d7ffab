import type { AppError } from "../agent/kernel/errors.ts";
import { INGEST_STATUS, statusOf } from "../http-status.ts";
import { encodeStatus } from "../integrations/otlp/response.ts";

export const PROTOBUF = "application/x-protobuf";
export const JSON_TYPE = "application/json";

export interface Answer {
  status: number;
  contentType: string;
  body: Uint8Array | string;
  headers?: Record<string, string>;
}

/** what a sender of remote write 2.0 wants to be told */
export const WRITTEN_HEADERS = [
  "x-prometheus-remote-write-samples-written",
  "x-prometheus-remote-write-histograms-written",
  "x-prometheus-remote-write-exemplars-written",
] as const;

const LONGEST_RETRY_SECONDS = 5;

/** "Application/JSON; charset=utf-8" → "application/json" */
export const mediaType = (header: string | null | undefined): string =>
  (header ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

/**
 * What a sender is told, in the words of the protocol that `path` speaks. Whoever may come again learns when: after 1
 * to 5 seconds, so that not all come back at once.
 */
export function refusalOf(
  error: AppError,
  path: string,
  contentType: string,
): Answer & { headers: Record<string, string> } {
  const { allowed, allow, ...details } = (error.details ?? {}) as {
    status?: number;
    allow?: string;
    allowed?: unknown;
  };
  // what is allowed instead is said of content types and encodings only
  const status = details.status ?? (allowed ? 415 : statusOf(error, INGEST_STATUS));
  const headers: Record<string, string> = {};
  if (status === 429 || status === 503)
    headers["retry-after"] = String(1 + Math.floor(Math.random() * LONGEST_RETRY_SECONDS));
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="Operate"';
  if (allow) headers.allow = allow;
  const { code, message } = error;
  if (!path.startsWith("/v1/")) return { status, contentType: "text/plain", body: `${message}\n`, headers };
  // whoever sent no protobuf, as curl by hand, is no reader of it either
  const isProtobuf = contentType.includes("protobuf");
  const body = encodeStatus(isProtobuf ? "protobuf" : "json", { code, message });
  return { status, contentType: isProtobuf ? PROTOBUF : JSON_TYPE, body, headers };
}
