import type { JudgeResult } from "#server/agent/deploy/judge/analysis-schema.ts";
import type { StepStatus, WatchState } from "#server/agent/deploy/schema.ts";
import type { RouterOutputs } from "../trpc/client.tsx";
import type { Look } from "./states.ts";

/** How the parts of a deployment and of its verdicts look; only pages about deployments load it. */

export const STEP_LOOK: Record<StepStatus, Look> = {
  pending: { tone: "quiet", word: "to do" },
  running: { tone: "active", word: "running" },
  waiting: { tone: "maintenance", word: "waiting" },
  passed: { tone: "ok", word: "passed" },
  failed: { tone: "critical", word: "failed" },
  skipped: { tone: "quiet", word: "skipped" },
};

/** What the watch over a deployment that is done says of it. */
export const WATCH_LOOK: Record<WatchState, Look> = {
  watching: { tone: "active", word: "Compared with what was before" },
  passed: { tone: "ok", word: "The watch over it ended well" },
  regressed: { tone: "critical", word: "It got worse after it was done" },
  undecided: { tone: "warning", word: "The watch over it could not decide whether it holds" },
  kept: { tone: "quiet", word: "Kept by a decision" },
  superseded: { tone: "quiet", word: "Another deployment took its place" },
};

export const EVENT_LOOK: Record<"info" | "ok" | "warning" | "error", Look> = {
  info: { tone: "quiet", word: "info" },
  ok: { tone: "ok", word: "ok" },
  warning: { tone: "warning", word: "warning" },
  error: { tone: "critical", word: "error" },
};

/** What the verdict of the judge means for whoever reads it at three in the morning. */
export const VERDICT_LOOK: Record<JudgeResult["verdict"], Look> = {
  pass: { tone: "ok", word: "not worse" },
  fail: { tone: "critical", word: "worse" },
  inconclusive: { tone: "unknown", word: "not decided" },
  error: { tone: "warning", word: "could not compare" },
};

/** What the judge finds of one metric. */
export const OUTCOME_LOOK = {
  worse: { tone: "critical", word: "worse" },
  notWorse: { tone: "ok", word: "not worse" },
  perhaps: { tone: "warning", word: "perhaps worse" },
  undecided: { tone: "unknown", word: "not sure yet" },
  unknown: { tone: "unknown", word: "unknown" },
} as const satisfies Record<string, Look>;

/** One metric of two versions side by side. */
export const COMPARISON_LOOK: Record<RouterOutputs["deploy"]["compare"]["metrics"][number]["better"], Look> = {
  better: { tone: "ok", word: "better" },
  worse: { tone: "critical", word: "worse" },
  same: { tone: "quiet", word: "no difference" },
  unsure: { tone: "unknown", word: "not sure" },
  unknown: { tone: "unknown", word: "not judged" },
};
