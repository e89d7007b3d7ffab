import { z } from "zod";
import { Instant } from "../kernel/schema.ts";
import { INGEST_RANGES, SIGNALS } from "./words.ts";

/** What arrives, from whom, how much, and what was refused and why. Safe in a browser. */

export const SignalName = z.enum(SIGNALS);
export type SignalName = z.infer<typeof SignalName>;

const Figures = z.object({
  accepted: z.number().int().describe("log lines, samples or spans that were stored, in the range"),
  rejected: z.number().int().describe("of the same kind, refused in the range"),
  bytes: z.number().int().describe("of the bodies as far as they are known; 0 where nothing is sent, as by scraping"),
  perSecond: z.number().describe("accepted, over the range or since anything of it arrived"),
  overSeconds: z.number().nullable().describe("measured, where less than the range"),
  /** accepted per bucket of `stepSeconds`, oldest first, every bucket of the range; nothing arrived is 0 */
  buckets: z.array(z.number().int()),
});

export const SenderView = Figures.extend({
  signal: SignalName,
  protocol: z.string().describe("otlp, loki, remote-write, scrape or instance (stdout and stderr of local instances)"),
  name: z.string().describe("of the token, the scrape target or the local instance's service"),
  services: z.array(z.string()).describe("whose telemetry it sends, most first, at most 10"),
  lastAt: Instant.describe("by when the newest arrived"),
});
export type SenderView = z.infer<typeof SenderView>;

export const RefusalView = z.object({
  signal: SignalName,
  protocol: z.string(),
  sender: z.string(),
  reason: z.string().describe("what a sender can do about it"),
  count: z.number().int().describe("since firstAt"),
  firstAt: Instant,
  lastAt: Instant,
  example: z.string().nullable(),
});
export type RefusalView = z.infer<typeof RefusalView>;

export const ScrapeTargetView = z.object({
  name: z.string(),
  url: z.string().describe("without credentials"),
  service: z.string(),
  environment: z.string().nullable(),
  intervalMs: z.number().int(),
  state: z.enum(["up", "down", "unknown"]).describe("unknown: not scraped within its last three intervals"),
  lastAt: Instant.nullable(),
  durationMs: z.number().nullable(),
  samples: z.number().int().nullable().describe("of the last page"),
  error: z.string().nullable().describe("why it is down"),
});
export type ScrapeTargetView = z.infer<typeof ScrapeTargetView>;

export const IngestOverviewInput = z.object({ range: z.enum(INGEST_RANGES).default("1h") });
export type IngestOverviewInput = z.infer<typeof IngestOverviewInput>;
export const IngestOverviewOutput = z.object({
  range: z.enum(INGEST_RANGES),
  from: Instant,
  to: Instant,
  stepSeconds: z.number().int(),
  collector: z.object({
    running: z.boolean().describe("whether telemetry is taken in now"),
    message: z.string().describe("what is wrong when it is not"),
  }),
  signals: z.array(Figures.extend({ signal: SignalName })).describe("all senders together: logs, metrics, traces"),
  senders: z.array(SenderView).describe("most first"),
  refusals: z.array(RefusalView).describe("last seen in the range, newest first"),
  targets: z.array(ScrapeTargetView).describe("monitoringConfig.scrape and Operate itself, down ones first"),
  limits: z.array(
    z.object({
      name: z.string().describe("series, patterns"),
      used: z.number().int(),
      max: z.number().int(),
      key: z.string().describe("the key of the configuration that sets it"),
    }),
  ),
  storage: z.array(
    z.object({
      signal: z.enum([...SIGNALS, "rollups"]),
      keptDays: z.number().int(),
      bytes: z.number().int().describe("on disk, with indexes"),
      maxBytes: z
        .number()
        .int()
        .nullable()
        .describe("the oldest days are dropped beyond it; null: no limit of its own"),
      oldestDay: z.string().nullable().describe("YYYY-MM-DD of the oldest data; null when there is none"),
    }),
  ),
  space: z.object({
    disk: z
      .object({ sizeBytes: z.number(), freeBytes: z.number(), usedShare: z.number().describe("0 to 1, as df says it") })
      .nullable()
      .describe("of the embedded database; null for a database elsewhere"),
    level: z.enum(["ok", "filling", "full"]).nullable().describe("full: telemetry is refused"),
    message: z.string().nullable().describe("what is wrong with the disk"),
    bytes: z.number().int().describe("all telemetry on disk, with indexes"),
    maxBytes: z.number().int().nullable().describe("the oldest days are dropped beyond it; null: no limit"),
  }),
  addresses: z
    .object({ otlp: z.string(), loki: z.string(), remoteWrite: z.string() })
    .describe("paths senders use below the console's own address"),
});
export type IngestOverviewOutput = z.infer<typeof IngestOverviewOutput>;

export const ObservedServicesOutput = z.object({
  services: z
    .array(
      z.object({
        service: z.string(),
        signals: z.array(SignalName).describe("what it sent"),
        lastAt: Instant.describe("by when the newest arrived"),
      }),
    )
    .describe("that sent something in the last day and are not configured, by name, at most 200"),
});
export type ObservedServicesOutput = z.infer<typeof ObservedServicesOutput>;
