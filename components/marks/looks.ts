import type { JudgeResult } from "#server/agent/deploy/judge/analysis-schema.ts";
import type { DeploymentStatus, StepStatus, WatchState } from "#server/agent/deploy/schema.ts";
import type { HealthState } from "#server/agent/health/schema.ts";
import type { IncidentStatus, Severity } from "#server/agent/incidents/schema.ts";
import type { ScrapeTargetView } from "#server/agent/ingest/schema.ts";
import type { AnomalyView, LogLineView, PatternView } from "#server/agent/logs/schema.ts";
import type { TokenView } from "#server/auth/schema.ts";
import type { MarkTone } from "../feedback/mark.tsx";
import type { RouterOutputs } from "../trpc/client.tsx";
import type { Tone } from "../ui/badge.tsx";

/** How each state looks, wherever it is shown: its tone (colour and shape) and its word. */
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

/** How much a finding in logs or a warning of a plan matters. */
export const FINDING_TONE: Record<AnomalyView["severity"], MarkTone> = {
  info: "quiet",
  warning: "warning",
  critical: "critical",
};

export const LEVEL_TONE: Record<NonNullable<LogLineView["level"]>, MarkTone> = {
  trace: "quiet",
  debug: "quiet",
  info: "quiet",
  warn: "warning",
  error: "critical",
  fatal: "critical",
};

/** Tags of patterns stand in badges. */
export const TAG_LOOK: Record<PatternView["tags"][number], { tone: Tone; word: string }> = {
  new: { tone: "critical", word: "new" },
  emerging: { tone: "warning", word: "growing" },
  vanished: { tone: "warning", word: "gone" },
  burst: { tone: "warning", word: "burst" },
  pinned: { tone: "accent", word: "pinned" },
  ignored: { tone: "neutral", word: "ignored" },
};

const INSTANCE_TONES: Readonly<Record<string, MarkTone>> = {
  ready: "ok",
  starting: "active",
  unready: "warning",
  draining: "maintenance",
  stopping: "quiet",
  restarting: "warning",
  "crash-looping": "critical",
};

/** A state of an instance as its platform names it. */
export const lookOfInstance = (state: string): Look => ({
  tone: INSTANCE_TONES[state] ?? "unknown",
  word: state.replace("-", " "),
});

export const TOKEN_TONE: Record<TokenView["state"], MarkTone> = {
  active: "ok",
  expired: "quiet",
  revoked: "quiet",
  "owner disabled": "warning",
};

export const SCRAPE_TONE: Record<ScrapeTargetView["state"], MarkTone> = {
  up: "ok",
  down: "critical",
  unknown: "unknown",
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
