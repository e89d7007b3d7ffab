import { TRPCError } from "@trpc/server";
import { z } from "zod";
import { AppError, type ErrorCode, toAppError } from "#server/agent/kernel/errors.ts";

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
}

/**
 * Any failure of a tool call as the model reads it; the last of the three places where the core's errors become a
 * transport's. What failed inside Operate says so and no more: the cause is for the log, under the same request id.
 */
export function toolError(thrown: unknown, requestId: string): ToolError {
  const issues = argumentIssues(thrown);
  if (issues) return { code: "INVALID", message: "Some arguments are not valid; see issues.", issues, requestId };
  const error = appErrorOf(thrown);
  const next = nextStep(error.code);
  return {
    code: error.code,
    message: error.message,
    ...(error.details && { details: error.details }),
    ...(next && { next }),
    requestId,
  };
}

/** The cause that belongs in the log: what no caller could have avoided. */
export function faultOf(thrown: unknown): unknown {
  if (argumentIssues(thrown)) return undefined;
  const error = appErrorOf(thrown);
  return error.code === "INTERNAL" ? (error.cause ?? error) : undefined;
}

const MAX_ISSUES = 20;

/** Bad input only: an output that breaks its schema is our fault and stays INTERNAL. */
function argumentIssues(thrown: unknown): ToolError["issues"] {
  if (!(thrown instanceof TRPCError) || thrown.code !== "BAD_REQUEST" || !(thrown.cause instanceof z.ZodError)) return;
  return thrown.cause.issues
    .slice(0, MAX_ISSUES)
    .map((issue) => ({ path: issue.path.join(".") || "(arguments)", message: issue.message }));
}

function appErrorOf(thrown: unknown): AppError {
  if (!(thrown instanceof TRPCError)) return toAppError(thrown);
  if (thrown.cause instanceof AppError) return thrown.cause;
  if (thrown.code === "UNAUTHORIZED") return new AppError("UNAUTHENTICATED", thrown.message);
  return toAppError(thrown.cause ?? thrown);
}

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
      return "Retry in some seconds; if it stays so, report that the system behind it cannot be reached.";
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
