import { z } from "zod";
import { Instant } from "../../kernel/schema.ts";

/** What the judge says and everything it went by; safe in a browser. */

export const VERDICTS = ["pass", "fail", "inconclusive", "error"] as const;
export const Verdict = z.enum(VERDICTS);
export type Verdict = z.infer<typeof Verdict>;

/** nodata: nothing to compare · high, low: the new version differs by more than is allowed */
export const CLASSIFICATIONS = ["pass", "high", "low", "nodata"] as const;
export const Classification = z.enum(CLASSIFICATIONS);
export type Classification = z.infer<typeof Classification>;

/** One side's samples of one metric, in time order; null is a missing value. */
export const Side = z.object({
  version: z.string(),
  samples: z.array(z.number().nullable()),
  /** after missing data and outliers were dealt with */
  used: z.array(z.number()),
  mean: z.number().nullable(),
  median: z.number().nullable(),
});
export type Side = z.infer<typeof Side>;

/** Mann-Whitney U of the new version against the running one, with the Hodges-Lehmann shift and its interval. */
export const RankTest = z.object({
  u: z.number(),
  pValue: z.number(),
  /** in the metric's unit: how much the new version lies above the running one */
  estimate: z.number(),
  low: z.number(),
  high: z.number(),
  confidence: z.number(),
  /** the interval must lie wholly beyond this for a difference to count */
  tolerance: z.number(),
});
export type RankTest = z.infer<typeof RankTest>;

/** For shares of requests: both counts pooled over the window, with an exact test and an interval of the difference. */
export const CountTest = z.object({
  baselineEvents: z.number().int(),
  baselineTotal: z.number().int(),
  candidateEvents: z.number().int(),
  candidateTotal: z.number().int(),
  pValue: z.number(),
  /** of the difference candidate - baseline, as shares 0…1 */
  difference: z.number(),
  low: z.number(),
  high: z.number(),
});
export type CountTest = z.infer<typeof CountTest>;

export const MetricResult = z.object({
  name: z.string(),
  label: z.string().describe("as a person calls it: error ratio, p95 latency"),
  unit: z.enum(["ratio", "ms", "bytes", "count"]),
  group: z.string(),
  critical: z.boolean(),
  direction: z.enum(["increase", "decrease", "either"]).describe("the change that is bad"),
  classification: Classification,
  /** one sentence with the numbers that says why */
  sentence: z.string(),
  baseline: Side,
  candidate: Side,
  /** null when there was too little to test */
  rank: RankTest.nullable(),
  count: CountTest.nullable(),
  effect: z
    .object({
      measure: z.enum(["meanRatio", "cles"]),
      value: z.number().nullable(),
      allowed: z.number(),
      critical: z.number().nullable(),
    })
    .nullable(),
});
export type MetricResult = z.infer<typeof MetricResult>;

export const JudgeResult = z.object({
  verdict: Verdict,
  /** 0…100; null when nothing could be scored */
  score: z.number().nullable(),
  passScore: z.number(),
  marginalScore: z.number(),
  /** one sentence that says why */
  sentence: z.string(),
  from: Instant,
  to: Instant,
  baselineVersion: z.string(),
  candidateVersion: z.string(),
  baselineRequests: z.number().int(),
  candidateRequests: z.number().int(),
  /** seconds each sample covers */
  sampleSeconds: z.number(),
  groups: z.array(z.object({ name: z.string(), weight: z.number(), score: z.number().nullable() })),
  metrics: z.array(MetricResult),
});
export type JudgeResult = z.infer<typeof JudgeResult>;
