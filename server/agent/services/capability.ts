import type { Capability } from "../capability.ts";

export const services = {
  name: "services",
  permissions: [{ name: "service.read", least: "viewer" }],
  topics: ["service"],
  auditActions: [],
  events: [],
} as const satisfies Capability;
