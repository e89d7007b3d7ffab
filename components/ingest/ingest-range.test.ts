import { expect, it } from "vitest";
import { INGEST_RANGES } from "#server/agent/ingest/words.ts";
import { ingestRangeOf } from "./ingest-range.ts";

it("knows the schema's ranges, and takes the last hour for what is none", () => {
  expect(INGEST_RANGES.map(ingestRangeOf)).toEqual(INGEST_RANGES);
  expect(["6h", "2h", null].map(ingestRangeOf)).toEqual(["6h", "1h", "1h"]);
});
