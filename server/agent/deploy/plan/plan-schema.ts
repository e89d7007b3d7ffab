import { z } from "zod";
import { ActionPlan, ActionWarning } from "../../actions/schema.ts";

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
export const PlanWarning = ActionWarning.extend({ kind: z.enum(PLAN_WARNINGS) });

/** What somebody agrees to before a deployment starts: the plan of an action, and what only a deployment has. */
export const PlanView = ActionPlan.extend({
  strategy: z.string(),
  expectedSeconds: z.number().describe("when nothing goes wrong"),
  asksPeople: z.boolean(),
  openConnections: z
    .string()
    .nullable()
    .describe("how much longer it may take because of connections that stay open; null: nothing is stopped"),
  judged: z.string().nullable().describe("when and by what the new version is judged; null: it is not"),
  onFailure: z.string().describe("what happens when it fails"),
  warnings: z.array(PlanWarning).describe("what one should know before agreeing, worst first"),
});
export type PlanView = z.infer<typeof PlanView>;
