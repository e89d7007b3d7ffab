import { z } from "zod";
import { Instant } from "../kernel/schema.ts";

/** How the requests are split, now and since it began. */
export const VersionShare = z.object({
  version: z.string(),
  weight: z.number().nullable().describe("percent it is to have; null: evenly by instance"),
  share: z.number().nullable().describe("percent it had in the last 10 s; null without requests"),
  readyInstances: z.number().nullable().describe("null: not known"),
  requests: z.number().nullable().describe("in splitWindow, as far as counted; null: none yet"),
  errors: z.number().nullable().describe("of those that failed"),
});

/** The time of which `split` counts requests and failures: the whole buckets that hold the deployment. */
export const SplitWindow = z.object({
  from: Instant,
  to: Instant.nullable(),
  stepSeconds: z.number(),
  final: z.boolean(),
});

/** What has come since the judge compared last, when it asks a person. */
export const EvidenceNow = z.object({
  comparedAt: Instant,
  since: Instant,
  requests: z.number(),
  failed: z.number(),
  leastRequests: z.number(),
  sentence: z.string(),
});
export type EvidenceNow = z.infer<typeof EvidenceNow>;

/** How far the instances are. */
export const Progress = z.object({
  onNewVersion: z.number().nullable().describe("ready ones; null: not known"),
  wanted: z.number().int().describe("once it is done; a step of it may want fewer"),
});
