import { expect, it } from "vitest";
import { severityOfWord } from "./severity-words.ts";

it.each([
  ["info", 9],
  ["WARN", 13],
  ["Warning", 13],
  [" error ", 17],
  ["crit", 18],
  ["CRITICAL", 21],
  ["INFO2", 10],
  ["trace1", 1],
  ["fatal4", 24],
  ["debug5", 0],
  ["notice", 10],
  ["unknown", 0],
  ["", 0],
  ["x".repeat(10_000), 0],
])("%j is %i", (word, severity) => {
  expect(severityOfWord(word)).toBe(severity);
});
