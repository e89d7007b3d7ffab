import { z } from "zod";

/** How the requests are split, now and since it began. */
export const VersionShare = z.object({
  version: z.string(),
  weight: z.number().nullable().describe("percent it is to have; null: evenly by instance"),
  share: z.number().nullable().describe("percent it had in the last 10 s; null without requests"),
  readyInstances: z.number().nullable().describe("null: not known"),
  requests: z.number().nullable().describe("since it began, as far as counted; null: none yet"),
  errors: z.number().nullable().describe("of those that failed"),
});

/** How far the instances are. */
export const Progress = z.object({
  onNewVersion: z.number().nullable().describe("ready ones; null: not known"),
  wanted: z.number().int().describe("once it is done; a step of it may want fewer"),
});
