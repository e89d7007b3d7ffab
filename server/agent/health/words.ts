/** Names and limits of health checks, for schemas and pages. */

/**
 * Worst last: the overall state is the worst of what is not muted. A check finds up, pending, degraded or down;
 * waiting (for a person's decision) and failing (its users' requests fail) are found by judging a service.
 */
export const HEALTH_STATES = [
  "up",
  "waiting",
  "maintenance",
  "pending",
  "unknown",
  "degraded",
  "failing",
  "down",
] as const;
export const HEALTH_RANGES = ["1h", "24h", "7d", "30d", "90d"] as const;

/** of one answer */
export const MOST_TARGETS = 500;
/** characters of why a check is in maintenance */
export const LONGEST_REASON = 500;
