import { z } from "zod";
import { HealthState } from "../health/schema.ts";

/** What users of the whole service notice now, whichever version answers. */
export const ServiceNow = z.object({
  health: HealthState.nullable().describe("its status, as list_services has it; null: not known"),
  healthMessage: z.string().nullable(),
  requests: z.number().int().nullable().describe("of the last windowSeconds; null: the platform cannot be reached"),
  failed: z.number().int().nullable(),
  windowSeconds: z.number().int(),
  errorLimitPercent: z.number(),
});
export type ServiceNow = z.infer<typeof ServiceNow>;
