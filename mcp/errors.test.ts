import { TRPCError } from "@trpc/server";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError, ERROR_CODES } from "#server/agent/kernel/errors.ts";
import { faultOf, toolError } from "./errors.ts";

const AT = new Date("2026-03-01T12:00:00.000Z");
const asTrpc = (error: AppError) => new TRPCError({ code: "CONFLICT", message: error.message, cause: error });
const bad = z.object({ a: z.object({ b: z.number() }) }).safeParse({ a: { b: "x" } });

describe("toolError", () => {
  it.each(ERROR_CODES)("%s keeps its code, message and details, through tRPC too", (code) => {
    const error = new AppError(code, "what to do", { details: { id: "dep_1" }, cause: new Error("hunter2") });
    for (const thrown of [error, asTrpc(error)]) {
      const shown = toolError(thrown, "req_1", AT);
      expect(shown).toMatchObject({ code, message: "what to do", details: { id: "dep_1" }, requestId: "req_1" });
      expect(JSON.stringify(shown)).not.toContain("hunter2");
    }
  });

  it("names each bad argument by its path", () => {
    const thrown = new TRPCError({ code: "BAD_REQUEST", cause: bad.error });
    expect(toolError(thrown, "req_1", AT)).toMatchObject({ code: "INVALID", issues: [{ path: "a.b" }] });
    expect(faultOf(thrown)).toBeUndefined();
  });

  it("lists at most 10 of them, and says how many more there are", () => {
    const many = z.array(z.number()).safeParse(Array.from({ length: 500 }, () => "x"));
    const shown = toolError(new TRPCError({ code: "BAD_REQUEST", cause: many.error }), "req_1", AT);
    expect(shown.issues).toHaveLength(11);
    expect(shown.issues?.at(-1)?.message).toBe("and 490 more");
  });

  it("an output that breaks its schema is a fault of ours: hidden from the caller, kept for the log", () => {
    const thrown = new TRPCError({ code: "INTERNAL_SERVER_ERROR", cause: bad.error });
    expect(toolError(thrown, "req_1", AT)).toEqual({
      code: "INTERNAL",
      message: expect.stringContaining("inside Operate"),
      next: expect.any(String),
      requestId: "req_1",
      now: AT.toISOString(),
    });
    expect(faultOf(thrown)).toBe(bad.error);
  });

  it("whatever else is thrown is INTERNAL, and only INTERNAL is a fault", () => {
    expect(toolError("a string", "req_1", AT).code).toBe("INTERNAL");
    expect(faultOf("a string")).toBe("a string");
    expect(faultOf(new AppError("CONFLICT", "busy"))).toBeUndefined();
  });
});
