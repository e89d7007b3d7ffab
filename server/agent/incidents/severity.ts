import { SEVERITIES, type Severity } from "./schema.ts";

/** Environments that customers stand in; everything else is a rehearsal. */
const LIVE = new Set(["production", "prod", "live"]);
export const isLiveEnvironment = (environment: string | null): boolean => environment !== null && LIVE.has(environment);

/** The next one up; critical stays. */
export const raised = (severity: Severity): Severity => SEVERITIES[SEVERITIES.indexOf(severity) + 1] ?? "critical";

/**
 * Something is down. A live service is critical; an endpoint that belongs to no environment may be anything, so high;
 * elsewhere medium.
 */
export function outageSeverity(target: { service: string | null; environment: string | null }): Severity {
  if (isLiveEnvironment(target.environment)) return target.service ? "critical" : "high";
  return target.environment === null ? "high" : "medium";
}

/** A deployment failed. Rolled back, everybody is still served; left as it is, versions are mixed. */
export function deploymentSeverity(environment: string, rolledBack: boolean): Severity {
  if (isLiveEnvironment(environment)) return rolledBack ? "medium" : "high";
  return rolledBack ? "low" : "medium";
}
