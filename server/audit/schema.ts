import { z } from "zod";
import { ActorRef, Instant, PageInput, pageOf, Text, TimeStamp } from "../agent/kernel/schema.ts";
import { ACTION_FORM, LONGEST_TARGET_ID, OUTCOMES } from "./words.ts";

export const AuditEntryView = z.object({
  id: z.string(),
  at: Instant,
  actor: ActorRef,
  via: z.string().describe("web, api, mcp, script or worker"),
  requestId: z.string(),
  action: z.string().describe("deployment.start, incident.acknowledge, …"),
  outcome: z.enum(OUTCOMES),
  target: z.object({ type: z.string(), id: z.string() }).nullable(),
  before: z.unknown().describe("the state before, secrets redacted; null when there was none"),
  after: z.unknown().describe("the state after, or what was asked for when it was refused"),
  errorCode: z.string().nullable(),
  reason: z.string().nullable().describe("why it was refused"),
});
export type AuditEntryView = z.infer<typeof AuditEntryView>;

export const ListAuditInput = PageInput.extend({
  actorId: Text(200).optional(),
  action: Text(100)
    .regex(new RegExp(`^${ACTION_FORM}$`), "lower-case words with dots, as in deployment.start")
    .optional()
    .describe("an action or the start of one: `deployment.` finds all about deployments"),
  outcome: z.enum(OUTCOMES).optional(),
  targetType: Text(100).optional(),
  targetId: Text(LONGEST_TARGET_ID).optional(),
  from: TimeStamp.optional().describe("entries at or after"),
  to: TimeStamp.optional().describe("entries before"),
});
export type ListAuditInput = z.infer<typeof ListAuditInput>;
export const ListAuditOutput = pageOf(AuditEntryView);
export type ListAuditOutput = z.infer<typeof ListAuditOutput>;
