import { TRPCError } from "@trpc/server";
import { z } from "zod";
import { AppError, type ErrorCode, shownDetails, shownMessage, toAppError } from "#server/agent/kernel/errors.ts";
import { inputIssues } from "#server/routers/input-issues.ts";
import { appErrorOf } from "#server/routers/trpc.ts";
import { readable } from "./readable.ts";

/** What a tool call that went wrong says, as JSON text in a result with `isError`. */
export interface ToolError {
  code: ErrorCode;
  message: string;
  details?: Record<string, unknown>;
  /** one per bad argument */
  issues?: { path: string; message: string }[];
  /** what to do about it, when the message alone does not say */
  next?: string;
  requestId: string;
  /** Operate's clock, UTC: a range may have been given by another one */
  now: string;
}

/**
 * Any failure of a tool call as the model reads it; the last of the three places where the core's errors become a
 * transport's. What failed inside Operate says so and no more: the cause is for the log, under the same request id.
 */
export function toolError(thrown: unknown, requestId: string, at: Date): ToolError {
  const now = at.toISOString();
  const issues = argumentIssues(thrown);
  if (issues) return { code: "INVALID", message: "Some arguments are not valid; see issues.", issues, requestId, now };
  const error = asAppError(thrown);
  const next = nextStep(error.code);
  return {
    code: error.code,
    message: shownMessage(error.message),
    ...(error.details && { details: readable(shownDetails(error.details) ?? {}) as Record<string, unknown> }),
    ...(next && { next }),
    requestId,
    now,
  };
}

/** The cause that belongs in the log: what no caller could have avoided. */
export function faultOf(thrown: unknown): unknown {
  if (argumentIssues(thrown)) return undefined;
  const error = asAppError(thrown);
  return error.code === "INTERNAL" ? (error.cause ?? error) : undefined;
}

/** Bad input only: an output that breaks its schema is our fault and stays INTERNAL. */
function argumentIssues(thrown: unknown): ToolError["issues"] {
  if (!(thrown instanceof TRPCError) || thrown.code !== "BAD_REQUEST") return;
  const zod = thrown.cause instanceof AppError ? thrown.cause.cause : thrown.cause;
  if (!(zod instanceof z.ZodError)) return;
  const { issues, more } = inputIssues(zod);
  const shown = issues.map(({ path, message }) => ({
    path: shownMessage(path) || "(arguments)",
    message: shownMessage(message),
  }));
  return more > 0 ? [...shown, { path: "(arguments)", message: `and ${more} more` }] : shown;
}

const asAppError = (thrown: unknown): AppError =>
  thrown instanceof TRPCError ? appErrorOf(thrown) : toAppError(thrown);

/** Says who can act: the model by itself, a person, or nobody but time. */
function nextStep(code: ErrorCode): string | undefined {
  switch (code) {
    case "INVALID":
    case "NOT_FOUND":
    case "CONFLICT":
    case "PRECONDITION":
      return undefined; // the message names what is allowed or what is in the way
    case "UNAUTHENTICATED":
      return "Ask the person you work for to create a new token under Settings → Tokens.";
    case "FORBIDDEN":
      return "Do not retry; tell the person you work for which role this needs.";
    case "RATE_LIMITED":
      return "Wait, then retry.";
    case "UPSTREAM_UNAVAILABLE":
      return "Retry in some seconds; look at the state before you repeat a write. If it stays so, report that the system behind it cannot be reached.";
    case "UPSTREAM_REJECTED":
      return "Do not retry unchanged.";
    case "TIMEOUT":
      return "It may still take effect. Look at the state before you repeat a write.";
    case "INTERNAL":
      return "Report the request id; retrying a read is safe, look at the state before you repeat a write.";
    default:
      return code satisfies never;
  }
}
