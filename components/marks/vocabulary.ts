import type {
  ACTIVE_STATUSES as Active,
  DEPLOYMENT_STATUSES as Deployments,
  STRATEGIES as Strategies,
} from "#server/agent/deploy/schema.ts";
import type { HEALTH_RANGES as Ranges, HEALTH_STATES as States } from "#server/agent/health/schema.ts";
import type {
  INCIDENT_STATUSES as Incidents,
  SEVERITIES as Levels,
  UNRESOLVED as Unresolved,
} from "#server/agent/incidents/schema.ts";
import type { ROLES as Roles, TOKEN_ROLES as TokenRoles } from "#server/agent/kernel/permissions.ts";
import type { MAX_PASSWORD as Longest, MIN_PASSWORD as Shortest } from "#server/auth/schema.ts";

/**
 * The schemas' lists of words for pages that need no more of them: importing a schema's value brings all of zod, 31 KB,
 * into a page's first load. A test holds them equal to the schemas.
 */
export const HEALTH_STATES: typeof States = [
  "up",
  "waiting",
  "maintenance",
  "pending",
  "unknown",
  "degraded",
  "failing",
  "down",
];
export const HEALTH_RANGES: typeof Ranges = ["1h", "24h", "7d", "30d", "90d"];
export const SEVERITIES: typeof Levels = ["low", "medium", "high", "critical"];
export const INCIDENT_STATUSES: typeof Incidents = ["open", "acknowledged", "in_progress", "resolved", "closed"];
export const UNRESOLVED: typeof Unresolved = ["open", "acknowledged", "in_progress"];
export const ACTIVE_STATUSES: typeof Active = ["queued", "running", "paused", "rolling_back"];
export const DEPLOYMENT_STATUSES: typeof Deployments = [
  "queued",
  "running",
  "paused",
  "rolling_back",
  "succeeded",
  "rolled_back",
  "failed",
  "cancelled",
];
export const STRATEGIES: typeof Strategies = ["rolling", "blue-green", "canary"];
export const ROLES: typeof Roles = ["viewer", "responder", "operator", "admin"];
export const TOKEN_ROLES: typeof TokenRoles = ["ingest", ...ROLES];
export const MIN_PASSWORD: typeof Shortest = 12;
export const MAX_PASSWORD: typeof Longest = 128;
