import type { DeploymentStatus } from "#server/agent/deploy/schema.ts";
import type { HealthState } from "#server/agent/health/schema.ts";
import type { IncidentStatus, Severity } from "#server/agent/incidents/schema.ts";
import type { MarkTone } from "../feedback/mark.tsx";

/**
 * How each state looks, wherever it is shown: its tone and its word. Parts of deployments: deployment-states.ts; findings,
 * lines, instances and tokens: telemetry-states.ts. A page loads what it shows, so they are three files. Colour and shape
 * of each tone: `components/feedback/mark.tsx`; the colours themselves: `app/globals.css`.
 */
export interface Look {
  tone: MarkTone;
  word: string;
}

export const DEPLOYMENT_LOOK: Record<DeploymentStatus, Look> = {
  queued: { tone: "quiet", word: "queued" },
  running: { tone: "active", word: "running" },
  paused: { tone: "maintenance", word: "paused" },
  rolling_back: { tone: "warning", word: "rolling back" },
  succeeded: { tone: "ok", word: "succeeded" },
  rolled_back: { tone: "warning", word: "rolled back" },
  failed: { tone: "critical", word: "failed" },
  cancelled: { tone: "quiet", word: "cancelled" },
};

export const HEALTH_TONE: Record<HealthState, MarkTone> = {
  up: "ok",
  waiting: "active",
  maintenance: "maintenance",
  pending: "warning",
  unknown: "unknown",
  degraded: "warning",
  failing: "critical",
  down: "critical",
};

export const SEVERITY_TONE: Record<Severity, MarkTone> = {
  low: "quiet",
  medium: "warning",
  high: "warning",
  critical: "critical",
};

export const INCIDENT_LOOK: Record<IncidentStatus, Look> = {
  open: { tone: "critical", word: "open" },
  acknowledged: { tone: "warning", word: "acknowledged" },
  in_progress: { tone: "active", word: "in progress" },
  resolved: { tone: "ok", word: "resolved" },
  closed: { tone: "quiet", word: "closed" },
};

const LOOKS_OF_CHANGES: Readonly<Record<string, Look>> = {
  ...Object.fromEntries(
    [...Object.entries(HEALTH_TONE), ...Object.entries(SEVERITY_TONE)].map(([word, tone]) => [word, { tone, word }]),
  ),
  ...DEPLOYMENT_LOOK,
  resolved: INCIDENT_LOOK.resolved,
};

/** What happened to a deployment, an incident or a check; the state as `ChangeView.state` names it. */
export const lookOfChange = (state: string): Look => LOOKS_OF_CHANGES[state] ?? { tone: "unknown", word: state };
