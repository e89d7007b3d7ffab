import { z } from "zod";
import { Text } from "../kernel/schema.ts";

export const ConfigIssueView = z.object({
  line: z.number().int(),
  column: z.number().int(),
  key: z.string(),
  message: z.string(),
});

export const ConfigView = z.object({
  file: z.string(),
  /** as written: references to secrets, never their values */
  text: z.string(),
  sample: z.boolean().describe("true while the built-in sample runs because no configuration was given"),
  /** what this process started with differs from what is in the file now */
  changedSinceStart: z.boolean(),
  issues: z.array(ConfigIssueView).describe("of the file as it is now; empty when it is valid"),
});

export const CheckConfigInput = z.object({ text: Text(500_000) });
export const CheckConfigOutput = z.object({
  valid: z.boolean(),
  issues: z.array(ConfigIssueView),
  unchecked: z
    .array(z.string())
    .describe("placeholders that the running configuration does not use: whether they are set is not told"),
});
