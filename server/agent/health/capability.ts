import type { Capability } from "../capability.ts";

export const health = {
  name: "health",
  permissions: [
    { name: "health.read", least: "viewer" },
    { name: "health.write", least: "responder" },
  ],
  topics: ["health"],
  auditActions: ["health.maintenance", "health.mute", "health.unmute", "health.targets.sync"],
  events: ["health.changed"],
} as const satisfies Capability;
