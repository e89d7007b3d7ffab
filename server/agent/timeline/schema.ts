import { z } from "zod";
import { HealthState } from "../health/schema.ts";

/** What happened, as it is written and as it is read: one type for both sides. */

export const TIMELINE_LEVELS = ["info", "ok", "warning", "error"] as const;

const Common = z.object({
  /** idempotency key: the same event written twice is there once */
  key: z.string(),
  at: z.date(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  /** what it happened to; a consumer gets the events of one subject in order */
  subject: z.string(),
  level: z.enum(TIMELINE_LEVELS),
  title: z.string(),
});

/**
 * A health target changed. `from` equals `to` when the state stayed and only its explanation changed: a failure that was
 * a consequence no longer is one, or the reverse. The subject is the target's id.
 */
const HealthChanged = Common.extend({
  kind: z.literal("health.changed"),
  detail: z.object({
    target: z.string(),
    from: HealthState,
    to: HealthState,
    /** the target at the root of this failure; null when nothing it depends on explains it */
    causedBy: z.object({ id: z.string(), name: z.string() }).nullable(),
    /** what the check found */
    message: z.string().nullable(),
    /** a muted target pages nobody */
    muted: z.boolean(),
    flapping: z.boolean(),
  }),
});

export const TimelineEvent = z.discriminatedUnion("kind", [HealthChanged]);
export type TimelineEvent = z.infer<typeof TimelineEvent>;
export type TimelineEventOf<K extends TimelineEvent["kind"]> = Extract<TimelineEvent, { kind: K }>;
