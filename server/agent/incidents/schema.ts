import { z } from "zod";
import {
  ActorRef,
  EnvironmentName,
  Id,
  Instant,
  PageInput,
  PlainName,
  pageOf,
  ServiceName,
  Text,
} from "../kernel/schema.ts";
import { INCIDENT_STATUSES, LONGEST_ASSIGNEE, LONGEST_TEXT, LONGEST_TITLE, MOST_ENTRIES, SEVERITIES } from "./words.ts";

export const IncidentStatus = z.enum(INCIDENT_STATUSES);
export type IncidentStatus = z.infer<typeof IncidentStatus>;
export const Severity = z.enum(SEVERITIES);
export type Severity = z.infer<typeof Severity>;

const Notes = Text(LONGEST_TEXT).trim().min(1);

/** What each action needs is checked together, so that the message can say what is missing. */
export const ManageIncidentInput = z
  .object({
    action: z.enum(["create", "update", "resolve", "escalate"]),
    incidentId: Id.optional().describe("needed by update, resolve and escalate: the id, or the number as in INC-12"),
    title: PlainName(LONGEST_TITLE).optional().describe("needed by create"),
    description: Text(LONGEST_TEXT).optional(),
    severity: Severity.optional().describe("create: default medium; escalate: default one step up"),
    assignee: z
      .union([z.literal(""), PlainName(LONGEST_ASSIGNEE)])
      .optional()
      .describe("who has it; empty takes it off them"),
    updateNotes: Notes.optional().describe("a note for the timeline"),
    resolution: Notes.optional().describe("needed by resolve: what fixed it"),
    status: z
      .enum(["open", "acknowledged", "in_progress", "closed"])
      .optional()
      .describe("update: the state to move to"),
    service: ServiceName.optional().describe("create: what is affected"),
    environment: EnvironmentName.optional(),
  })
  .superRefine((input, issues) => {
    const need = (key: "incidentId" | "title" | "resolution") => {
      if (!input[key]) issues.addIssue({ code: "custom", path: [key], message: `${input.action} needs ${key}` });
    };
    if (input.action === "create") need("title");
    else need("incidentId");
    if (input.action === "resolve") need("resolution");
    if (input.action === "update") {
      const keys = ["title", "description", "severity", "assignee", "updateNotes", "status"] as const;
      if (keys.every((key) => input[key] === undefined))
        issues.addIssue({
          code: "custom",
          path: ["action"],
          message: `update needs at least one of ${keys.join(", ")}`,
        });
    }
  });
export type ManageIncidentInput = z.input<typeof ManageIncidentInput>;

const INCIDENT_SOURCES = ["health", "deployment", "logs", "person", "agent"] as const;

export const IncidentView = z.object({
  id: z.string(),
  number: z.number().int(),
  label: z.string().describe("INC-12"),
  title: z.string(),
  description: z.string(),
  severity: Severity,
  status: IncidentStatus,
  assignee: z.string().nullable(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  deploymentId: z.string().nullable(),
  source: z.enum(INCIDENT_SOURCES),
  resolution: z.string().nullable(),
  escalation: z.number().int().describe("how often it was escalated"),
  openedAt: Instant,
  acknowledgedAt: Instant.nullable(),
  resolvedAt: Instant.nullable(),
  closedAt: Instant.nullable(),
  updatedAt: Instant,
  allowedStatuses: z.array(IncidentStatus).describe("where it may go from here"),
});
export type IncidentView = z.infer<typeof IncidentView>;

export const INCIDENT_EVENT_KINDS = [
  "opened",
  "status",
  "severity",
  "assignee",
  "note",
  "escalated",
  "health",
  "deployment",
  "logs",
  "resolution",
  "edited",
] as const;
export type IncidentEventKind = (typeof INCIDENT_EVENT_KINDS)[number];

export const IncidentEventView = z.object({
  id: z.string(),
  at: Instant,
  kind: z.enum(INCIDENT_EVENT_KINDS),
  actor: ActorRef,
  message: z.string(),
  detail: z.record(z.string(), z.unknown()).nullable(),
});
export type IncidentEventView = z.infer<typeof IncidentEventView>;

export const ManageIncidentOutput = z.object({ incident: IncidentView });
export const GetIncidentInput = z.object({
  incidentId: Id.describe("the id, or the number as in INC-12"),
});
export const GetIncidentOutput = z.object({
  incident: IncidentView,
  timeline: z.array(IncidentEventView).describe(`oldest first, at most the newest ${MOST_ENTRIES}`),
});
export const ListIncidentsInput = PageInput.extend({
  status: z.array(IncidentStatus).max(20).optional(),
  severity: z.array(Severity).max(20).optional(),
  service: ServiceName.optional(),
  environment: EnvironmentName.optional(),
});
export const ListIncidentsOutput = pageOf(IncidentView).extend({
  unresolved: z.number().int(),
  /** the highest severity among them; null when there are none */
  worstUnresolved: Severity.nullable(),
});
