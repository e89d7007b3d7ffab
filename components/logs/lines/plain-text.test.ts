import { expect, it } from "vitest";
import { plainText } from "./plain-text.ts";

it("leaves nothing that turns or hides what stands beside it", () => {
  expect(plainText("pay\u202enow\u0007")).toBe("payRLOnow␇");
  expect(plainText("GET /orders")).toBe("GET /orders");
});

it("has an end", () => {
  expect(plainText("x".repeat(1_000), 10)).toBe(`${"x".repeat(9)}…`);
});
