import { audit } from "../audit/capability.ts";
import { auth } from "../auth/capability.ts";
import { deploy } from "./deploy/capability.ts";
import { health } from "./health/capability.ts";
import { incidents } from "./incidents/capability.ts";
import { ingest } from "./ingest/capability.ts";
import { logs } from "./logs/capability.ts";
import { policy } from "./policy/capability.ts";
import { services } from "./services/capability.ts";
import { settings } from "./settings/capability.ts";
import { telemetry } from "./telemetry/capability.ts";

/** Everything that Operate can, each with what it brings along. A list over all capabilities is built from this one. */
export const CAPABILITIES = [
  services,
  deploy,
  policy,
  health,
  incidents,
  telemetry,
  logs,
  ingest,
  audit,
  settings,
  auth,
] as const;

type Declared = (typeof CAPABILITIES)[number];
export type Permission = Declared["permissions"][number]["name"];
export type LiveTopic = Declared["topics"][number];
export type AuditAction = Declared["auditActions"][number];
