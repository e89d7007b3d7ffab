import { z } from "zod";
import { Severity } from "../incidents/schema.ts";
import { Cursor, EnvironmentName, Id, Instant, PlainName, ServiceName, Text, TraceId } from "../kernel/schema.ts";
import { HomeName, Level, SourceView, WindowInput } from "../telemetry/telemetry-schema.ts";
import {
  ANOMALY_KINDS,
  LONGEST_PATTERN_NAME,
  LONGEST_QUERY,
  MOST_ALERT_LINES,
  MOST_ALERT_MINUTES,
  MOST_LINES_AROUND,
  MOST_PATTERNS,
  PATTERN_TAGS,
} from "./words.ts";

/** Inputs and outputs of logs. Safe in a browser. */

const Query = Text(LONGEST_QUERY).describe('words, "phrases", field:value (with *), -not, level:warn; all must hold');
const Scope = {
  service: ServiceName.optional(),
  environment: EnvironmentName.optional(),
  logLevel: z.enum(["debug", "info", "warn", "error"]).optional().describe("this level and worse"),
  query: Query.optional(),
  source: HomeName.optional(),
};

export const LogLineView = z.object({
  id: z.string(),
  at: z.string().describe("ISO 8601, UTC, with microseconds"),
  service: z.string(),
  environment: z.string(),
  version: z.string(),
  instance: z.string(),
  level: Level.nullable(),
  body: z.string(),
  attributes: z.record(z.string(), z.unknown()),
  traceId: z.string().nullable(),
  spanId: z.string().nullable(),
  patternId: z.string().nullable(),
});
export type LogLineView = z.infer<typeof LogLineView>;

export const PatternView = z.object({
  id: z.string(),
  template: z.string().describe("<*> stands for what varies"),
  name: z.string().nullable().describe("given by a person"),
  level: Level.nullable(),
  count: z.number().int(),
  share: z.number().describe("0…1, of all lines of the window"),
  before: z.number().int().nullable().describe("count in the equal window before; null: nothing is known of it"),
  tags: z.array(z.enum(PATTERN_TAGS)),
  services: z.array(z.string()),
  versions: z.array(z.string()),
  trend: z.array(z.number().int()).describe("counts per step, oldest first"),
  firstSeenAt: Instant.nullable(),
  lastSeenAt: Instant.nullable(),
  samples: z.array(z.string()).describe("at most 3 lines"),
  query: z.string().describe("for search_logs: shows its lines"),
  kept: z
    .boolean()
    .describe(
      "false: found in lines just read, as those of an external source; it cannot be named, pinned, ignored or alerted on",
    ),
  alert: z
    .object({ count: z.number().int(), minutes: z.number().int(), severity: Severity })
    .nullable()
    .describe("opens an incident at so many lines in so many minutes"),
});
export type PatternView = z.infer<typeof PatternView>;

export const AnomalyView = z.object({
  kind: z.enum(ANOMALY_KINDS),
  severity: z.enum(["info", "warning", "critical"]).describe("how much it matters; not the level of its lines"),
  level: Level.nullable().describe("the worst its lines have"),
  at: Instant,
  patternId: z.string().nullable(),
  template: z.string().nullable(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  sentence: z.string().describe("what was seen, with its numbers and their base"),
  evidence: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
  query: z.string().nullable().describe("for search_logs: shows its lines; null: it is about a service as a whole"),
  deployment: z
    .object({ id: z.string(), version: z.string(), at: Instant, sentence: z.string() })
    .nullable()
    .describe("the deployment it began with, when there is one"),
});
export type AnomalyView = z.infer<typeof AnomalyView>;

export const AnalyzeLogsInput = z.object({
  ...WindowInput,
  ...Scope,
  limit: z.number().int().min(1).max(MOST_PATTERNS).default(20).describe("patterns a page"),
  cursor: Cursor.optional(),
});
const LevelTotals = z.object({ lines: z.number().int(), errors: z.number().int(), warnings: z.number().int() });
export const AnalyzeLogsOutput = z.object({
  summary: z.string().describe("one sentence"),
  totals: LevelTotals,
  totalsBefore: LevelTotals.nullable().describe("of the equal window before; null: nothing is known of it"),
  patternCount: z.number().int().describe("patterns in all"),
  anomalyCount: z.number().int().describe("anomalies in all"),
  truncated: z.boolean().describe("patterns or anomalies were left out: use cursor, or a narrower window or filter"),
  nextCursor: z.string().nullable(),
  window: z.object({ from: Instant, to: Instant }),
  source: SourceView,
  anomalies: z.array(AnomalyView).describe("worst first; empty when nothing stands out"),
  recommendations: z.array(
    z.object({
      sentence: z.string(),
      tool: z.string().nullable().describe("of Operate, to go on with"),
      arguments: z.record(z.string(), z.unknown()).nullable(),
      href: z.string().nullable().describe("console path"),
    }),
  ),
  patterns: z.array(PatternView).describe("what matters most first"),
  stepSeconds: z.number().int(),
  trend: z
    .array(z.object({ t: Instant, lines: z.number(), errors: z.number(), warnings: z.number() }))
    .describe("per step, oldest first"),
  notes: z.array(z.string()).describe("what is not known, and why"),
});
export type AnalyzeLogsOutput = z.infer<typeof AnalyzeLogsOutput>;

export const SearchLogsInput = z.object({
  ...WindowInput,
  ...Scope,
  instance: Text(200).optional(),
  patternId: Id.optional(),
  traceId: TraceId.optional(),
  order: z.enum(["newest-first", "oldest-first"]).default("newest-first"),
  limit: z.number().int().min(1).max(1_000).default(25),
  cursor: Cursor.optional(),
});
export type SearchLogsInput = z.output<typeof SearchLogsInput>;
export const SearchLogsOutput = z.object({
  matched: z
    .number()
    .int()
    .nullable()
    .describe("lines in the window; null on later pages and where counting would need a scan"),
  truncated: z.boolean().describe("there are more lines: pass nextCursor as cursor"),
  nextCursor: z.string().nullable(),
  source: SourceView,
  lines: z.array(LogLineView),
});

export type SearchLogsOutput = z.infer<typeof SearchLogsOutput>;

export const LogCountsInput = z.object({ ...WindowInput, ...Scope, patternId: Id.optional() });
export const LogCountsOutput = z.object({
  stepSeconds: z.number().int(),
  source: SourceView,
  points: z
    .array(
      z.object({
        t: Instant,
        debug: z.number().int().describe("trace and debug"),
        info: z.number().int().describe("info, and lines without a level"),
        warn: z.number().int(),
        error: z.number().int().describe("error and fatal"),
      }),
    )
    .describe("every step of the window, oldest first"),
});

export const LogContextInput = z.object({
  lineId: Id,
  before: z.number().int().min(0).max(MOST_LINES_AROUND).default(50),
  after: z.number().int().min(0).max(MOST_LINES_AROUND).default(50),
  source: HomeName.optional(),
});
export const LogContextOutput = z.object({ source: SourceView, lines: z.array(LogLineView) });

export const UpdatePatternInput = z.object({
  patternId: Id,
  name: PlainName(LONGEST_PATTERN_NAME).nullable().optional().describe("null takes the name away"),
  pinned: z.boolean().optional(),
  ignored: z.boolean().optional().describe("not shown among patterns and anomalies"),
  alert: z
    .object({
      count: z.number().int().min(1).max(MOST_ALERT_LINES),
      minutes: z.number().int().min(1).max(MOST_ALERT_MINUTES),
      severity: Severity,
    })
    .nullable()
    .optional()
    .describe("an incident opens at so many lines in so many minutes; null turns it off"),
});
export const UpdatePatternOutput = z.object({
  pattern: z.object({
    id: z.string(),
    template: z.string(),
    name: z.string().nullable(),
    pinned: z.boolean(),
    ignored: z.boolean(),
    alert: PatternView.shape.alert,
  }),
});
export type UpdatePatternOutput = z.infer<typeof UpdatePatternOutput>;

export const LogFacetsInput = z.object({ ...WindowInput, source: HomeName.optional() });
export const LogFacetsOutput = z.object({
  source: SourceView,
  services: z.array(z.object({ service: z.string(), environment: z.string(), lines: z.number().int() })),
});
