import type { IncidentStatus, Severity } from "#server/agent/incidents/schema.ts";
import { Mark } from "../feedback/mark.tsx";
import { INCIDENT_LOOK, SEVERITY_TONE } from "./states.ts";

export const SeverityMark = ({ severity, className }: { severity: Severity; className?: string }) => (
  <Mark tone={SEVERITY_TONE[severity]} className={className}>
    {severity}
  </Mark>
);

export const IncidentStatusMark = ({ status, className }: { status: IncidentStatus; className?: string }) => (
  <Mark tone={INCIDENT_LOOK[status].tone} className={className}>
    {INCIDENT_LOOK[status].word}
  </Mark>
);
