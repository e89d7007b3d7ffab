import { expect, it } from "vitest";
import * as schema from "#server/agent/ingest/schema.ts";
import { INGEST_RANGES, ingestRangeOf } from "./ingest-range.ts";

it("knows the schema's ranges, and takes the last hour for what is none", () => {
  expect(INGEST_RANGES).toEqual(schema.INGEST_RANGES);
  expect(["6h", "2h", null].map(ingestRangeOf)).toEqual(["6h", "1h", "1h"]);
});
