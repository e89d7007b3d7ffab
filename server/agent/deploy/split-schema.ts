import { z } from "zod";

/** How the requests are split, now and since it began. */
export const VersionShare = z.object({
  version: z.string(),
  weight: z.number().nullable().describe("percent it is to have; null: evenly by instance"),
  share: z.number().nullable().describe("percent it had in the last 10 s; null without requests"),
  readyInstances: z.number().int().nullable().describe("null: the platform cannot be reached"),
  requests: z
    .number()
    .int()
    .nullable()
    .describe("since the deployment began, as far as they were counted; null: none are counted yet"),
  errors: z
    .number()
    .int()
    .nullable()
    .describe("of those that failed: 5xx, refused, timed out, broken off, or left after waiting too long"),
});

/** How far the instances are. */
export const Progress = z.object({
  onNewVersion: z
    .number()
    .int()
    .nullable()
    .describe("ready instances of the new version; null: the platform cannot be reached"),
  wanted: z.number().int().describe("once it is done; a step of it may want fewer"),
});
