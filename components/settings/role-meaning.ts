import type { Role } from "#server/agent/kernel/permissions.ts";

/** What each role adds, in a few words. */
export const ROLE_MEANING: Record<Role, string> = {
  viewer: "reads everything but the audit log and the settings",
  responder: "also works on incidents, maintenance and muting, and reads the audit log",
  operator: "also deploys, rolls back and reads the configuration",
  admin: "also manages users and everyone's tokens",
};
