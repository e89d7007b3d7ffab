import protobuf from "protobufjs/minimal.js";
import type { ErrorCode } from "../../agent/kernel/errors.ts";
import type { Rejection } from "../../agent/ports/telemetry.ts";
import type { OtlpEncoding } from "./envelope.ts";

const { Writer } = protobuf;

/** OTLP/HTTP: every answer, also that of a failure, is a message in the encoding of the request. */

const REJECTED_FIELDS = {
  logs: "rejectedLogRecords",
  metrics: "rejectedDataPoints",
  traces: "rejectedSpans",
} as const;

const MOST_MESSAGE = 2000;

/**
 * An Export…ServiceResponse for status 200: empty when all was taken, else a partial success that says how much was
 * not, and why, so that a sender shows it and does not send the batch again.
 */
export function encodeResponse(
  signal: keyof typeof REJECTED_FIELDS,
  encoding: OtlpEncoding,
  rejected: readonly Rejection[],
): Uint8Array {
  const count = rejected.reduce((sum, rejection) => sum + rejection.count, 0);
  const message = rejected.map(describe).join("; ").slice(0, MOST_MESSAGE).toWellFormed();
  if (encoding === "json") {
    const partialSuccess = { [REJECTED_FIELDS[signal]]: String(count), errorMessage: message };
    return Buffer.from(JSON.stringify(count === 0 ? {} : { partialSuccess }));
  }
  if (count === 0) return new Uint8Array(0);
  const writer = Writer.create();
  writer.uint32(0x0a).fork().uint32(0x08).int64(count).uint32(0x12).string(message).ldelim();
  return writer.finish();
}

const describe = ({ count, reason, example }: Rejection): string =>
  `${count} × ${reason}${example === null ? "" : ` (${example})`}`;

/** google.rpc.Code */
const RPC_CODES: Record<ErrorCode, number> = {
  INVALID: 3,
  TIMEOUT: 4,
  NOT_FOUND: 5,
  FORBIDDEN: 7,
  RATE_LIMITED: 8,
  PRECONDITION: 9,
  CONFLICT: 10,
  INTERNAL: 13,
  UPSTREAM_REJECTED: 13,
  UPSTREAM_UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
};

/** A google.rpc.Status, the body of every answer that is no success. */
export function encodeStatus(
  encoding: OtlpEncoding,
  { code, message }: { code: ErrorCode; message: string },
): Uint8Array {
  const number = RPC_CODES[code];
  if (encoding === "json") return Buffer.from(JSON.stringify({ code: number, message }));
  return Writer.create().uint32(0x08).int32(number).uint32(0x12).string(message).finish();
}
