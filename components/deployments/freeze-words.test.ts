import { expect, it } from "vitest";
import { describeScope } from "./freeze-words.ts";

it.each([
  { services: [], environments: [], words: "Everything is" },
  { services: [], environments: ["production"], words: "production is" },
  { services: [], environments: ["staging", "production"], words: "staging and production are" },
  { services: ["checkout"], environments: [], words: "checkout is" },
  { services: ["checkout"], environments: ["staging", "production"], words: "checkout in staging and production is" },
  { services: ["a", "b", "c"], environments: ["production"], words: "a, b and c in production are" },
])("$words frozen", ({ words, ...freeze }) => {
  expect(describeScope(freeze)).toBe(words);
});
