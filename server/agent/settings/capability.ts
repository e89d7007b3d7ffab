import type { Capability } from "../capability.ts";

export const settings = {
  name: "settings",
  permissions: [{ name: "settings.read", least: "operator" }],
  topics: ["settings"],
  auditActions: ["settings.check_config"],
  events: [],
} as const satisfies Capability;
