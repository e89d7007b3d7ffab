import type { IncidentStatus, Severity } from "#server/agent/incidents/schema.ts";
import { Mark, type MarkTone } from "../feedback/mark.tsx";

const SEVERITY_TONE: Record<Severity, MarkTone> = {
  low: "quiet",
  medium: "warning",
  high: "warning",
  critical: "critical",
};

export const SeverityMark = ({ severity, className }: { severity: Severity; className?: string }) => (
  <Mark tone={SEVERITY_TONE[severity]} className={className}>
    {severity}
  </Mark>
);

const STATUS: Record<IncidentStatus, { tone: MarkTone; word: string }> = {
  open: { tone: "critical", word: "open" },
  acknowledged: { tone: "warning", word: "acknowledged" },
  in_progress: { tone: "active", word: "in progress" },
  resolved: { tone: "ok", word: "resolved" },
  closed: { tone: "quiet", word: "closed" },
};

export const IncidentStatusMark = ({ status, className }: { status: IncidentStatus; className?: string }) => (
  <Mark tone={STATUS[status].tone} className={className}>
    {STATUS[status].word}
  </Mark>
);
