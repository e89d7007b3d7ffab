import type { Capability } from "../capability.ts";

export const ingest = {
  name: "ingest",
  permissions: [{ name: "ingest.write", least: "operator", alsoHeldBy: ["ingest"] }],
  topics: [],
  auditActions: [],
  events: [],
} as const satisfies Capability;
