import type { Capability } from "../capability.ts";

export const logs = {
  name: "logs",
  permissions: [],
  topics: [],
  auditActions: ["log_pattern.update"],
  events: ["pattern.firing", "pattern.resolved"],
} as const satisfies Capability;
