import { z } from "zod";
import { ACTOR_KINDS } from "./actor.ts";

/** Pieces that several capabilities' inputs and outputs share. Safe in a browser. */

export const Instant = z.iso.datetime().describe("ISO 8601, UTC");
/** configured ones have at most 40; what sends telemetry from elsewhere names itself */
export const ServiceName = z.string().min(1).max(200);
export const EnvironmentName = z.string().min(1).max(40);
export const ActorRef = z.object({ kind: z.enum(ACTOR_KINDS), id: z.string(), name: z.string() });

/** Lists page by cursor: pass `nextCursor` of one page as `cursor` of the next; null ends it. */
export const PageInput = z.object({
  limit: z.number().int().min(1).max(100).default(25),
  cursor: z.string().max(200).optional().describe("nextCursor of the page before"),
});
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
