import type { StepStatus } from "#server/agent/deploy/schema.ts";
import { Mark, type MarkTone } from "../feedback/mark.tsx";

const LOOK: Record<StepStatus, { tone: MarkTone; word: string }> = {
  pending: { tone: "quiet", word: "to do" },
  running: { tone: "active", word: "running" },
  waiting: { tone: "maintenance", word: "waiting" },
  passed: { tone: "ok", word: "passed" },
  failed: { tone: "critical", word: "failed" },
  skipped: { tone: "quiet", word: "skipped" },
};

export const StepMark = ({ status }: { status: StepStatus }) => (
  <Mark tone={LOOK[status].tone}>{LOOK[status].word}</Mark>
);
