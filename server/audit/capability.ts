import type { Capability } from "../agent/capability.ts";

export const audit = {
  name: "audit",
  permissions: [{ name: "audit.read", least: "responder" }],
  topics: ["audit"],
  auditActions: ["writes.refused"],
  events: [],
} as const satisfies Capability;
