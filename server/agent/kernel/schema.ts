import { z } from "zod";
import { LONGEST_ENVIRONMENT, LONGEST_SERVICE } from "../catalog/words.ts";
import { hidesSomething, isStorable } from "../text/visible-text.ts";
import { ACTOR_KINDS } from "./actor.ts";

/** Pieces that several capabilities' inputs and outputs share. Safe in a browser. */

export const Instant = z.iso.datetime().describe("ISO 8601, UTC");

const STORABLE = "no U+0000 and no half of a surrogate pair: they cannot be stored";
const PLAIN = "no control, zero-width or direction characters";

/** Any text that somebody sends, of at most `max` characters. Every text of an input is made from this. */
export const Text = (max: number, min = 0) =>
  z
    .string()
    .min(min, min === 1 ? "must not be empty" : undefined)
    .max(max)
    .refine(isStorable, STORABLE);
/** One line that people type and others read as a name; what cannot be seen in it is refused. */
export const PlainName = (max: number) => z.string().trim().min(1, "a name").max(max).refine(isPlain, PLAIN);
/** The id of anything: printable, one line. Whether it exists is for its reader to say. */
export const Id = z.string().min(1, "an id").max(200).refine(isPlain, `an id: ${PLAIN}`);
export const TraceId = z.string().regex(/^[0-9a-f]{32}$/i, "32 hex digits");

function isPlain(text: string): boolean {
  return text.isWellFormed() && !hidesSomething(text);
}

const EARLIEST_MS = Date.UTC(1970, 0, 1);
const LATEST_MS = Date.UTC(2200, 0, 1);
/** An instant somebody sends; years that no clock and not every database has are refused. */
export const TimeStamp = z.iso
  .datetime({ offset: true })
  .refine((text) => Date.parse(text) >= EARLIEST_MS && Date.parse(text) < LATEST_MS, "a time from 1970 to 2199")
  .describe("ISO 8601");

export const ServiceName = Text(LONGEST_SERVICE, 1);
export const EnvironmentName = Text(LONGEST_ENVIRONMENT, 1);
export const ServiceRefInput = z.object({ service: ServiceName, environment: EnvironmentName });
export const ActorRef = z.object({ kind: z.enum(ACTOR_KINDS), id: z.string(), name: z.string() });

/** Belongs to one list under one set of filters, see server/routers/paged.ts. */
export const Cursor = z
  .string()
  .max(800)
  .regex(/^[\x21-\x7e]+$/, "nextCursor of the page before, unchanged; or begin without a cursor")
  .describe("nextCursor of the page before");
/** Lists page by cursor: pass `nextCursor` of one page as `cursor` of the next; null ends it. */
export const PageInput = z.object({
  limit: z.number().int().min(1).max(100).default(25),
  cursor: Cursor.optional(),
});
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
