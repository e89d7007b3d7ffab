import { expect, it } from "vitest";
import { dbosLogger } from "./dbos-log.ts";

it("bounds a flood of errors, and says afterwards how many it left out", () => {
  const lines: unknown[][] = [];
  const write = (...line: unknown[]) => void lines.push(line);
  let clockMs = 0;
  const logger = dbosLogger({ trace: write, debug: write, warn: write, error: write }, () => clockMs);
  for (let i = 0; i < 500; i++) logger.error(`no database ${i}`);
  expect(lines).toHaveLength(20);
  clockMs += 10_001;
  logger.warn("again");
  expect(lines.slice(20)).toEqual([[{ suppressed: 480 }, "left out messages of the durable engine"], ["again"]]);
});
