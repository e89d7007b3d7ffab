import type { Role } from "#server/agent/kernel/roles.ts";

/** What each role may, in a few words. */
export const ROLE_MEANING: Record<Role, string> = {
  ingest: "sends telemetry, can do nothing else",
  viewer: "reads everything but the audit log and the configuration",
  responder: "reads, works on incidents, sets maintenance and mutes checks",
  operator: "what a responder may, deploys, rolls back and reads the configuration",
  admin: "everything, with users and everyone's tokens",
};
