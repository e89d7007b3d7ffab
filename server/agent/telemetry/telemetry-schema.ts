import { z } from "zod";
import { Instant, TimeStamp } from "../kernel/schema.ts";
import { SOURCE_KINDS } from "../ports/source.ts";

/** Pieces that the inputs and outputs of metrics, logs and traces share. Safe in a browser. */

export const SourceView = z
  .object({
    kind: z.enum(SOURCE_KINDS),
    address: z.string().nullable().describe("of an external source"),
    asOf: Instant,
    stale: z.boolean().describe("true: it is not reached, this is its last answer"),
  })
  .describe("who answered");
export type SourceView = z.infer<typeof SourceView>;

export const HomeName = z.enum(["built-in", "external"]).describe("default: where the service's telemetry is");
export const Level = z.enum(["trace", "debug", "info", "warn", "error", "fatal"]);
/** start and end of a window */
export const WindowInput = {
  startTime: TimeStamp,
  endTime: TimeStamp,
};
/** one value per step; null is a gap */
export const Points = z.array(z.number().nullable());
