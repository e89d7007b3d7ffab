import type { ScrapeTargetView } from "#server/agent/ingest/schema.ts";
import type { AnomalyView, LogLineView, PatternView } from "#server/agent/logs/schema.ts";
import type { TokenView } from "#server/auth/schema.ts";
import type { MarkTone } from "../feedback/mark.tsx";
import type { Tone } from "../ui/badge.tsx";
import type { Look } from "./states.ts";

/** How findings, log lines, patterns, instances, tokens and senders look; pages that show none do not load it. */

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
