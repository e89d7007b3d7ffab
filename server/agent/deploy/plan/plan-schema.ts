import { z } from "zod";

/** What one should know before agreeing: about the service, what it depends on, the plan itself. */
export const PLAN_WARNINGS = [
  "overridden",
  "service_down",
  "open_incident",
  "error_ratio",
  "disk_full",
  "dependency_down",
  "dependency_incident",
  "dependency_deploying",
  "dependency_errors",
  "freeze_near",
  "instances_not_ready",
  "not_compared",
  "few_requests",
  "no_rollback",
  "sticky_callers",
  "hooks",
  "policy",
] as const;
export const PlanWarning = z.object({
  kind: z.enum(PLAN_WARNINGS),
  severity: z.enum(["info", "warning", "critical"]),
  message: z.string(),
});

/** What somebody agrees to before a deployment starts. */
export const PlanView = z.object({
  summary: z.string().describe("from what to what, in a sentence"),
  strategy: z.string(),
  steps: z.array(z.object({ title: z.string(), seconds: z.number() })),
  expectedSeconds: z.number().describe("when nothing goes wrong"),
  asksPeople: z.boolean(),
  openConnections: z
    .string()
    .nullable()
    .describe("how much longer it may take because of connections that stay open; null: nothing is stopped"),
  judged: z.string().nullable().describe("when and by what the new version is judged; null: it is not"),
  onFailure: z.string().describe("what happens when it fails"),
  undo: z.string().describe("how to undo it"),
  affects: z.array(z.string()).describe("services that depend on it, directly or through others"),
  warnings: z.array(PlanWarning).describe("what one should know before agreeing, worst first"),
});
export type PlanView = z.infer<typeof PlanView>;
