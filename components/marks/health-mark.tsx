import type { HealthState } from "#server/agent/health/schema.ts";
import { Mark, type MarkTone } from "../feedback/mark.tsx";

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

export const HealthMark = ({ state, bare, className }: { state: HealthState; bare?: boolean; className?: string }) => (
  <Mark tone={HEALTH_TONE[state]} {...(bare ? { bare } : {})} className={className}>
    {state}
  </Mark>
);
