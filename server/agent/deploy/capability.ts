import type { Capability } from "../capability.ts";

export const deploy = {
  name: "deploy",
  permissions: [
    { name: "deployment.read", least: "viewer" },
    { name: "deployment.write", least: "operator" },
    { name: "deployment.override.write", least: "admin" },
  ],
  topics: ["deployment"],
  auditActions: ["deployment.start", "deployment.decide", "deployment.rollback", "deployment.finish"],
  events: [
    "deployment.requested",
    "deployment.started",
    "deployment.waiting",
    "deployment.ended",
    "deployment.regressed",
  ],
} as const satisfies Capability;
