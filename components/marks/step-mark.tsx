import type { StepStatus } from "#server/agent/deploy/schema.ts";
import { Mark } from "../feedback/mark.tsx";
import { STEP_LOOK } from "./deployment-states.ts";

export const StepMark = ({ status }: { status: StepStatus }) => (
  <Mark tone={STEP_LOOK[status].tone}>{STEP_LOOK[status].word}</Mark>
);
