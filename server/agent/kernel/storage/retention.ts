import { z } from "zod";

/**
 * How long everything is kept: what the configuration says (`monitoringConfig.retention`), and what is fixed. What is too
 * old is deleted by the `retention.ts` of whoever writes it; telemetry goes by partitions (`telemetry-store/partitions`).
 */

const Bytes = z.number().int().min(50_000_000).max(1_000_000_000_000_000);
const Days = z.number().int().min(1).max(400);

export const RetentionSchema = z.strictObject({
  logsDays: Days.default(7),
  samplesDays: Days.default(15),
  spansDays: Days.default(3),
  rollupsDays: Days.default(90).describe("counts per minute and hour"),
  maxBytes: Bytes.optional().describe(
    "all telemetry on disk, with indexes; default: half of what is free for it on the disk of the embedded database, no limit for another database; at it, only kinds beyond their share give way: logs 30 %, samples 20 %, spans 15 %, counts 35 %",
  ),
  logsMaxBytes: Bytes.optional().describe("log lines on disk"),
  samplesMaxBytes: Bytes.optional().describe("samples on disk"),
  spansMaxBytes: Bytes.optional().describe("spans on disk"),
  historyDays: z
    .number()
    .int()
    .min(30)
    .max(3_650)
    .default(400)
    .describe("deployments that ended and incidents that were resolved, with all that belongs to them"),
});

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const FIXED_RETENTION = {
  /** what each probe of health found */
  healthResultsMs: DAY_MS,
  /** uptime and latency of health in steps of minutes and hours, and its changes */
  healthRollupsMs: 90 * DAY_MS,
  /** what balancers counted in 10 seconds; after that there are minutes */
  trafficBucketsMs: 2 * DAY_MS,
  trafficMinutesMs: 90 * DAY_MS,
  /** the time line, where nothing that reads it is kept longer */
  timelineLeastMs: 90 * DAY_MS,
  /** what the queue remembers of workflows that ended: with a round an hour, nothing is there a day later */
  workflowsMs: 20 * HOUR_MS,
  /** hints to browsers, for those that come back */
  liveHintsMs: HOUR_MS,
  /** deployments of each service and environment that stay however old: what may be gone back to is read from them */
  deploymentsOfEach: 50,
} as const;

/** Until then the buckets of 10 seconds are surely there. */
export const TRAFFIC_BUCKETS_READ_MS = FIXED_RETENTION.trafficBucketsMs - HOUR_MS;
