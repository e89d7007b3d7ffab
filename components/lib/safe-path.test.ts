import { describe, expect, it } from "vitest";
import { safePath } from "./safe-path.ts";

describe("safePath", () => {
  it.each([
    ["/incidents?env=production#x", "/incidents?env=production#x"],
    ["/", "/"],
    [null, "/"],
    ["", "/"],
    ["incidents", "/"],
    ["https://evil.example/", "/"],
    ["//evil.example", "/"],
    ["/\\evil.example", "/"],
    ["/\t/evil.example", "/"],
    ["/\t/[", "/"],
    ["javascript:alert(1)", "/"],
  ])("%j leads to %s", (next, path) => expect(safePath(next)).toBe(path));
});
