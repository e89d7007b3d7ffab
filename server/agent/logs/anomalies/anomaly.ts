import type { z } from "zod";
import type { LogLevel } from "../../ports/telemetry.ts";
import type { AnomalyView } from "../schema.ts";
import type { ANOMALY_KINDS } from "../words.ts";

/** Something about the lines of a window that stands out, and the counts it is found in. Times come in as arguments. */

export type AnomalyKind = (typeof ANOMALY_KINDS)[number];
export type AnomalySeverity = z.infer<typeof AnomalyView>["severity"];
export type Evidence = Record<string, number | string | null>;

export interface Anomaly {
  kind: AnomalyKind;
  severity: AnomalySeverity;
  /** when it began, ms since 1970 */
  atMs: number;
  /** null when it is about a service as a whole */
  patternId: string | null;
  template: string | null;
  service: string | null;
  environment: string | null;
  level: LogLevel | null;
  /** in plain words, with the numbers and what they are compared with */
  sentence: string;
  evidence: Evidence;
  /** for ranking, the larger the more it matters */
  score: number;
}

/** Buckets of one length, oldest first. */
export interface Grid {
  fromMs: number;
  stepMs: number;
  buckets: number;
  /** buckets at the end that lines may still come for; default 0 */
  open?: number;
}

/** How often one pattern was seen in one service and environment; every list is as long as the grid. */
export interface PatternHistory {
  patternId: string;
  template: string;
  service: string;
  environment: string;
  /** the worst level it was seen with */
  level: LogLevel | null;
  /** of the pattern in any service, ms since 1970 */
  firstSeenMs: number;
  counts: number[];
  /** in the equal window before */
  before: number[];
  /** at the same time of earlier days, one list a day, whatever the order; empty when nothing is kept of them */
  earlierDays: number[][];
}

/** All lines of one service and environment, and those at level error or worse. */
export interface ServiceHistory {
  service: string;
  environment: string;
  lines: number[];
  errors: number[];
  linesBefore: number[];
  errorsBefore: number[];
  /** since when an instance is ready at the end of the window, ms since 1970; null: none is, or it is not known */
  runningSinceMs: number | null;
}

export interface LogHistory {
  grid: Grid;
  patterns: PatternHistory[];
  services: ServiceHistory[];
}

export const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
/**
 * How long the equal window before was, as far as the service was recorded in it: it may not have existed for all of
 * that time. The whole window where nothing was recorded.
 */
export function recordedBeforeMs({ stepMs, buckets }: Grid, linesBefore: readonly number[]): number {
  const first = linesBefore.findIndex((count) => count > 0);
  return (buckets - Math.max(0, first)) * stepMs;
}

export const isError = (level: LogLevel | null): boolean => level === "error" || level === "fatal";
export const serviceKey = (of: { service: string; environment: string }): string => `${of.service}\n${of.environment}`;

const SEVERITY_SCORE: Record<AnomalySeverity, number> = { critical: 300, warning: 200, info: 100 };
const KIND_SCORE: Record<AnomalyKind, number> = {
  ...{ new: 50, "error-ratio": 45, "broken-sequence": 40, emerging: 35, vanished: 30, burst: 25 },
};

/** Severity first, then kind, then how many lines it is about, on a logarithmic scale. */
export const scoreOf = (severity: AnomalySeverity, kind: AnomalyKind, lines: number): number =>
  SEVERITY_SCORE[severity] + KIND_SCORE[kind] + Math.min(20, 4 * Math.log10(1 + lines));
