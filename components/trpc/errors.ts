import { TRPCClientError } from "@trpc/client";
import { ForeignAnswer } from "./answer.ts";

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

const later = ({ retryAfter }: ForeignAnswer): string =>
  retryAfter === null ? "Try again in a moment." : `Try again in ${retryAfter} s.`;

/** An answer that did come, and says what only its status tells. */
function describeForeign(answer: ForeignAnswer): ErrorDescription {
  const { status } = answer;
  const said = (code: string | null, message: string) => ({ message, requestId: null, code, details: null });
  if (status === 429)
    return said("TOO_MANY_REQUESTS", `Too many requests at once: Operate refused this one. ${later(answer)}`);
  // as a gateway says that what is behind it does not answer: RFC 9110, 15.6.3 and 15.6.5
  if (status === 502 || status === 504)
    return said(
      null,
      `A proxy answered that Operate is not reached (HTTP ${status}). What Operate watches keeps running; this page tries again by itself.`,
    );
  if (status === 503)
    return said("SERVICE_UNAVAILABLE", `Operate does not take requests now (HTTP 503). ${later(answer)}`);
  if (status >= 500)
    return said(
      "INTERNAL_SERVER_ERROR",
      `Operate answered with an error (HTTP ${status}). ${later(answer)} If it stays, look into the log of Operate's web process.`,
    );
  return said(
    "FOREIGN_ANSWER",
    `The answer is not Operate's (HTTP ${status}). Reload the page; if it stays, ask who runs the proxy in front of Operate.`,
  );
}

/** The words of the answer when the error says none of its own. */
const foreignOf = (error: unknown): ForeignAnswer | null => {
  const cause = error instanceof Error ? error.cause : null;
  return error instanceof ForeignAnswer ? error : cause instanceof ForeignAnswer ? cause : null;
};

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
  const foreign = foreignOf(error);
  if (foreign) return describeForeign(foreign);
  return {
    message: "Operate did not answer. What it watches keeps running; this page tries again by itself.",
    requestId: null,
    code: null,
    details: null,
  };
}
