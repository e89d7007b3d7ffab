import type { Capability } from "../capability.ts";

export const telemetry = {
  name: "telemetry",
  permissions: [
    { name: "telemetry.read", least: "viewer" },
    { name: "telemetry.write", least: "responder" },
  ],
  topics: [],
  auditActions: [],
  events: [],
} as const satisfies Capability;
