import type { DeploymentStatus } from "#server/agent/deploy/schema.ts";
import { Mark, type MarkTone } from "../feedback/mark.tsx";

const LOOK: Record<DeploymentStatus, { tone: MarkTone; word: string }> = {
  queued: { tone: "quiet", word: "queued" },
  running: { tone: "active", word: "running" },
  paused: { tone: "maintenance", word: "paused" },
  rolling_back: { tone: "warning", word: "rolling back" },
  succeeded: { tone: "ok", word: "succeeded" },
  rolled_back: { tone: "warning", word: "rolled back" },
  failed: { tone: "critical", word: "failed" },
  cancelled: { tone: "quiet", word: "cancelled" },
};

export const DeploymentMark = ({ status, className }: { status: DeploymentStatus; className?: string }) => (
  <Mark tone={LOOK[status].tone} className={className}>
    {LOOK[status].word}
  </Mark>
);
