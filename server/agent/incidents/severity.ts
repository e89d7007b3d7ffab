import type { Severity } from "./schema.ts";
import { SEVERITIES } from "./words.ts";

/** The next one up; critical stays. */
export const raised = (severity: Severity): Severity => SEVERITIES[SEVERITIES.indexOf(severity) + 1] ?? "critical";

/**
 * Something is down. A service in production is critical; an endpoint that belongs to no environment may be anything,
 * so high; elsewhere medium.
 */
export function outageSeverity(
  { service, environment }: { service: string | null; environment: string | null },
  production: readonly string[],
): Severity {
  if (environment === null) return "high";
  if (production.includes(environment)) return service ? "critical" : "high";
  return "medium";
}

/** A deployment failed. Rolled back, everybody is still served; left as it is, versions are mixed. */
export function deploymentSeverity(environment: string, rolledBack: boolean, production: readonly string[]): Severity {
  if (production.includes(environment)) return rolledBack ? "medium" : "high";
  return rolledBack ? "low" : "medium";
}
