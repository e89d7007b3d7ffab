import { TRPCClientError } from "@trpc/client";
import { ForeignAnswer } from "./foreign-answer.ts";

export interface ErrorDescription {
  /** may be shown as it is */
  message: string;
  requestId: string | null;
  /** tRPC's code, as in UNAUTHORIZED; null when no answer came */
  code: string | null;
  details: Record<string, unknown> | null;
}

const field = (data: unknown, name: string): unknown =>
  typeof data === "object" && data !== null ? Reflect.get(data, name) : undefined;

/** Any error of a query or mutation in words for a person. */
export function describeError(error: unknown): ErrorDescription {
  if (error instanceof TRPCClientError) {
    const requestId = field(error.data, "requestId");
    const code = field(error.data, "code");
    const details = field(error.data, "details");
    if (typeof code === "string")
      return {
        message: error.message,
        requestId: typeof requestId === "string" ? requestId : null,
        code,
        details: typeof details === "object" ? (details as Record<string, unknown> | null) : null,
      };
  }
  const foreign = error instanceof Error ? error.cause : null;
  if (foreign instanceof ForeignAnswer)
    return { message: foreign.message, requestId: null, code: foreign.code, details: null };
  return {
    message: "Operate did not answer. What it watches keeps running; this page tries again by itself.",
    requestId: null,
    code: null,
    details: null,
  };
}
