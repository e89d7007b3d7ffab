import type { Capability } from "../capability.ts";

export const policy = {
  name: "policy",
  permissions: [],
  topics: [],
  auditActions: ["deployment.lock", "deployment.unlock"],
  events: [],
} as const satisfies Capability;
