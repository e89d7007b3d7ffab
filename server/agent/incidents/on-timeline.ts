import type { TimelineEventOf } from "../timeline/schema.ts";
import type { IncidentStatus, Severity } from "./schema.ts";
import { statusWord } from "./status-transitions.ts";
import { SEVERITY_LEVEL } from "./words.ts";

/** What happens to incidents, as the time line has it. */

interface Told {
  id: string;
  label: string;
  title: string;
  severity: Severity;
  service: string | null;
  environment: string | null;
}

const ofIncident = ({ id, label, title, severity, service, environment }: Told) => ({
  common: { service, environment, subject: id },
  detail: { label, title, severity },
});

export function openedEvent(incident: Told, at: Date): TimelineEventOf<"incident.opened"> {
  const { common, detail } = ofIncident(incident);
  const { id, label, title, severity } = incident;
  return {
    ...{ ...common, kind: "incident.opened", key: `incident-opened:${id}`, at },
    ...{ level: SEVERITY_LEVEL[severity], title: `${label} opened: ${title}`, detail },
  };
}

/** The change's id tells it from others of the same incident, which may go back and forth. */
export function statusEvent(
  incident: Told,
  change: { id: string; from: IncidentStatus; to: IncidentStatus },
  at: Date,
): TimelineEventOf<"incident.status"> {
  const { common, detail } = ofIncident(incident);
  const { from, to } = change;
  const word = from === "resolved" && to === "open" ? "reopened" : statusWord(to);
  return {
    ...{ ...common, kind: "incident.status", key: `incident-status:${change.id}`, at },
    ...{ level: to === "resolved" ? "ok" : "info", title: `${incident.label} ${word}: ${incident.title}` },
    detail: { ...detail, from, to },
  };
}
