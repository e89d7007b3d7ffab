/** Names and limits of deployments, for schemas and pages. */

export const DEPLOYMENT_STATUSES = [
  "queued",
  "running",
  "paused",
  "rolling_back",
  "succeeded",
  "rolled_back",
  "failed",
  "cancelled",
] as const;
export const ACTIVE_STATUSES = [
  "queued",
  "running",
  "paused",
  "rolling_back",
] as const satisfies readonly (typeof DEPLOYMENT_STATUSES)[number][];

export const STRATEGIES = ["rolling", "blue-green", "canary"] as const;

/**
 * hook: a call or command of the configuration · roll: instances replaced one by one · bring_up: new instances without
 * traffic · verify: synthetic requests · weight: a share of the requests · analysis: the judge · hold: the old set is
 * kept while the new one is watched · retire: the old set is drained and stopped
 */
export const STEP_KINDS = ["hook", "roll", "bring_up", "verify", "weight", "analysis", "hold", "retire"] as const;
export const STEP_STATUSES = ["pending", "running", "waiting", "passed", "failed", "skipped"] as const;

export const DECISIONS = ["promote", "retry", "rollback", "abort", "pause", "resume"] as const;

/** watching · passed · regressed: went back, or asked · kept: a person kept it · superseded: another one came */
export const WATCH_STATES = ["watching", "passed", "regressed", "undecided", "kept", "superseded"] as const;
