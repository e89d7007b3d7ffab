import { failedRequests, type OutcomeCounts } from "../../telemetry/outcomes.ts";

/** The classes in which exchanges end, ranked by what they are worth to whoever asked. */

/** Best first: what comes later is worse for whoever asked. */
export const RANKED = ["upgraded", "ok", "redirected", "rejected", "left", "failed"] as const;
type Ranked = (typeof RANKED)[number];
export type RankedOutcomes = Record<Ranked, number>;

export const OUTCOME_WORDS: Record<Ranked, string> = {
  upgraded: "upgraded",
  ok: "2xx",
  redirected: "3xx",
  rejected: "4xx",
  left: "left by the client",
  failed: "failed",
};

/** Who got an upgrade had asked for it, and to get an answer instead is worse. A client that waited `limitMs` and left got no answer, a failure. */
export function rankOutcomes(counts: OutcomeCounts, limitMs: number): RankedOutcomes {
  const { status5xx, refused, timedOut, brokenOff } = counts;
  const failed = failedRequests(counts, limitMs);
  return {
    upgraded: counts.upgraded,
    ok: counts.status2xx,
    redirected: counts.status3xx,
    rejected: counts.status4xx,
    left: counts.clientLeft - (failed - status5xx - refused - timedOut - brokenOff),
    failed,
  };
}
