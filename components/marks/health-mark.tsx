import type { HealthState } from "#server/agent/health/schema.ts";
import { Mark } from "../feedback/mark.tsx";
import { HEALTH_TONE } from "./states.ts";

export const HealthMark = ({ state, bare, className }: { state: HealthState; bare?: boolean; className?: string }) => (
  <Mark tone={HEALTH_TONE[state]} {...(bare ? { bare } : {})} className={className}>
    {state}
  </Mark>
);
