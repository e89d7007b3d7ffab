import { z } from "zod";
import { SEVERITIES } from "./words.ts";

const Severity = z.enum(SEVERITIES);

/** `alertingConfig`. */
export const AlertingConfigSchema = z.strictObject({
  channels: z.array(z.strictObject({ type: z.string(), endpoint: z.string(), severity: Severity })).default([]),
  thresholds: z
    .array(
      z.strictObject({
        metric: z.string(),
        condition: z.enum(["gt", "lt", "eq"]),
        value: z.number(),
        duration: z.number().nonnegative(),
        severity: Severity,
      }),
    )
    .default([]),
  escalationPolicy: z
    .array(z.strictObject({ delay: z.number().nonnegative(), channels: z.array(z.string()) }))
    .default([]),
  resolveOnRecovery: z.boolean().default(true).describe("recovery resolves the incident that health opened"),
});
