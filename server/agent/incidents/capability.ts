import type { Capability } from "../capability.ts";

export const incidents = {
  name: "incidents",
  permissions: [
    { name: "incident.read", least: "viewer" },
    { name: "incident.write", least: "responder" },
  ],
  topics: ["incident"],
  auditActions: ["incident.create", "incident.update", "incident.resolve", "incident.escalate"],
  events: ["incident.opened", "incident.status"],
} as const satisfies Capability;
