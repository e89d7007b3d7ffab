import type { Actor } from "../kernel/actor.ts";
import { AppError } from "../kernel/errors.ts";
import type { IncidentEventKind, IncidentStatus, ManageIncidentInput, Severity } from "./schema.ts";
import { raised } from "./severity.ts";
import { isUnresolved, statusWord, transition } from "./status-transitions.ts";

/** The state of an incident that people change. */
export interface IncidentState {
  title: string;
  description: string;
  severity: Severity;
  status: IncidentStatus;
  assignee: string | null;
  resolution: string | null;
  escalation: number;
  acknowledgedAt: Date | null;
  resolvedAt: Date | null;
  closedAt: Date | null;
}

export interface NewEvent {
  kind: IncidentEventKind;
  message: string;
  detail?: Record<string, string | number | null>;
}

export interface Change {
  after: IncidentState;
  events: NewEvent[];
}

/**
 * What an update, resolve or escalate makes of an incident, and what the timeline says about it. `label` is INC-12.
 * @throws PRECONDITION for a step its status does not allow.
 */
export function changeIncident(
  label: string,
  before: IncidentState,
  input: ManageIncidentInput,
  by: Pick<Actor, "kind" | "name">,
  at: Date,
): Change {
  const change: Change = { after: { ...before }, events: [] };
  if (before.status === "closed") refuseClosed(label, input);
  if (input.action === "escalate") escalate(label, change, input);
  else if (input.severity) setSeverity(change, input.severity);
  editText(change, input);
  const status = input.action === "resolve" ? "resolved" : input.action === "update" ? input.status : undefined;
  if (status) setStatus(label, change, status, by, at);
  if (input.assignee !== undefined) setAssignee(change, input.assignee || null);
  if (input.action === "resolve" && input.resolution) {
    change.after.resolution = input.resolution;
    change.events.push({ kind: "resolution", message: input.resolution });
  }
  if (input.updateNotes) change.events.push({ kind: "note", message: input.updateNotes });
  return change;
}

function refuseClosed(label: string, input: ManageIncidentInput): void {
  const onlyNote =
    input.action === "update" &&
    [input.title, input.description, input.severity, input.assignee, input.status].every((one) => one === undefined);
  if (onlyNote) return;
  throw new AppError("PRECONDITION", `${label} is closed and only takes notes. Create a new incident.`, {
    details: { status: "closed", allowed: [] },
  });
}

function escalate(label: string, { after, events }: Change, input: ManageIncidentInput): void {
  if (!isUnresolved(after.status))
    throw new AppError("PRECONDITION", `${label} is ${statusWord(after.status)}. Reopen it before you escalate it.`, {
      details: { status: after.status, allowed: after.status === "resolved" ? ["open", "closed"] : [] },
    });
  const severity = input.severity ?? raised(after.severity);
  const from = after.severity;
  after.escalation += 1;
  after.severity = severity;
  const words = severity === from ? `stays ${severity}` : `${from} → ${severity}`;
  events.push({
    kind: "escalated",
    message: `Escalated for the ${ordinal(after.escalation)} time: severity ${words}`,
    detail: { from, to: severity, escalation: after.escalation },
  });
}

const ordinal = (n: number): string => {
  const ending = n % 100 >= 11 && n % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${ending}`;
};

function setSeverity({ after, events }: Change, severity: Severity): void {
  if (severity === after.severity) return;
  events.push({
    kind: "severity",
    message: `Severity ${after.severity} → ${severity}`,
    detail: { from: after.severity, to: severity },
  });
  after.severity = severity;
}

function editText({ after, events }: Change, input: ManageIncidentInput): void {
  if (input.title !== undefined && input.title !== after.title) {
    events.push({ kind: "edited", message: "Title changed", detail: { from: after.title, to: input.title } });
    after.title = input.title;
  }
  if (input.description !== undefined && input.description !== after.description) {
    events.push({ kind: "edited", message: "Description changed" });
    after.description = input.description;
  }
}

function setAssignee({ after, events }: Change, assignee: string | null): void {
  if (assignee === after.assignee) return;
  events.push({
    kind: "assignee",
    message: assignee ? `Assigned to ${assignee}` : `Taken off ${after.assignee}`,
    detail: { from: after.assignee, to: assignee },
  });
  after.assignee = assignee;
}

function setStatus(
  label: string,
  change: Change,
  to: IncidentStatus,
  by: Pick<Actor, "kind" | "name">,
  at: Date,
): void {
  const { after, events } = change;
  const from = after.status;
  after.status = transition(label, from, to);
  const reopened = from === "resolved" && to === "open";
  events.push({
    kind: "status",
    message: reopened ? "Reopened" : `${capital(statusWord(from))} → ${statusWord(to)}`,
    detail: { from, to },
  });
  if (to === "acknowledged" || to === "in_progress") after.acknowledgedAt ??= at;
  if (to === "acknowledged" && by.kind === "person" && after.assignee === null) setAssignee(change, by.name);
  if (to === "resolved") after.resolvedAt = at;
  if (to === "closed") after.closedAt = at;
  if (reopened) Object.assign(after, { resolvedAt: null, resolution: null, acknowledgedAt: null });
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
