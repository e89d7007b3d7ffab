import { describe, expect, it } from "vitest";
import { AppError, toAppError } from "./errors.ts";

describe("AppError", () => {
  class TooLarge extends AppError {}

  it("is known by whichever copy of the module made it", async () => {
    // a second copy, as the built console has one for pages and one for route handlers
    const other: typeof import("./errors.ts") = await import(`./errors.ts?${"copy"}`);
    expect(other.AppError).not.toBe(AppError);
    const error: unknown = new other.AppError("UPSTREAM_UNAVAILABLE", "The daemon does not run.");
    expect(error instanceof AppError).toBe(true);
    expect(toAppError(error)).toBe(error);
  });

  it("is nothing else, and no subclass is another", () => {
    expect(new Error("x") instanceof AppError).toBe(false);
    expect({ code: "INVALID" } instanceof AppError).toBe(false);
    expect(new AppError("INVALID", "x") instanceof TooLarge).toBe(false);
    expect(new TooLarge("INVALID", "x") instanceof AppError).toBe(true);
    expect(new TooLarge("INVALID", "x") instanceof TooLarge).toBe(true);
  });
});
