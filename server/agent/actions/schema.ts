import { z } from "zod";
import { ActorRef, Instant } from "../kernel/schema.ts";

/** What every action says of itself: its plan, its questions, what was decided. Each capability extends these. */

/** What one should know before agreeing. A capability closes the kinds. */
export const ActionWarning = z.object({
  kind: z.string(),
  severity: z.enum(["info", "warning", "critical"]),
  message: z.string(),
});

/** What somebody agrees to before an action starts. */
export const ActionPlan = z.object({
  summary: z.string().describe("from what to what, in a sentence"),
  steps: z.array(z.object({ title: z.string(), seconds: z.number() })),
  affects: z.array(z.string()).describe("services that depend on it, directly or through others"),
  undo: z.string().describe("how to undo it"),
  warnings: z.array(ActionWarning).describe("what one should know before agreeing, worst first"),
});

/**
 * What a durable run waits for: until somebody answers by one of `options`, or until `expiresAt`, when the run goes on
 * by itself. Who may answer is said by the permission of the deciding write.
 */
export const questionOf = <K extends z.ZodType, O extends z.ZodType>(kind: K, option: O) =>
  z.object({
    id: z.string(),
    kind,
    reason: z.string(),
    since: Instant,
    expiresAt: Instant,
    options: z.array(option).describe("decisions accepted now"),
  });

/** Who decided what, why, through what and when. */
export const decisionOf = <D extends z.ZodType>(decision: D) =>
  z.object({ decision, reason: z.string(), by: ActorRef, via: z.string(), at: Instant });
