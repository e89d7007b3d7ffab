import type { PatternCount } from "../../ports/log-source.ts";
import { LOG_LEVELS, type LogLevel } from "../../ports/telemetry.ts";
import {
  type Grid,
  isError,
  type LogHistory,
  type PatternHistory,
  type ServiceHistory,
  serviceKey,
} from "../anomalies/anomaly.ts";

/** Counts of patterns, sorted into the steps of a window. */

/** One pattern over all services. */
export interface CountedPattern {
  id: string;
  template: string;
  name: string | null;
  pinned: boolean;
  ignored: boolean;
  /** the worst it was seen with */
  level: LogLevel | null;
  firstSeenMs: number;
  count: number;
  /** in the window before */
  before: number;
  /** per step */
  counts: number[];
  /** lines by service, and by version */
  services: Map<string, number>;
  versions: Map<string, number>;
  /** end of the last step it was seen in, ms since 1970 */
  lastSeenMs: number;
}

export interface LevelTotals {
  lines: number;
  errors: number;
  warnings: number;
}

export interface Rows {
  now: readonly PatternCount[];
  before: readonly PatternCount[];
  /** the same window of earlier days of which something is kept */
  earlierDays: readonly { rows: readonly PatternCount[]; shiftMs: number }[];
}

const zeros = (buckets: number): number[] => new Array<number>(buckets).fill(0);

/** The step that a bucket of the source begins in, or the first when it began before that. */
const stepOf = (bucketMs: number, fromMs: number, { stepMs, buckets }: Grid): number =>
  Math.min(buckets - 1, Math.max(0, Math.floor((bucketMs - fromMs) / stepMs)));

const worse = (a: LogLevel | null, b: LogLevel | null): LogLevel | null =>
  LOG_LEVELS.indexOf(a as LogLevel) >= LOG_LEVELS.indexOf(b as LogLevel) ? a : b;

const add = (counts: Map<string, number>, key: string, count: number): void => {
  counts.set(key, (counts.get(key) ?? 0) + count);
};

const bump = (counts: number[], step: number, count: number): void => {
  counts[step] = (counts[step] ?? 0) + count;
};

function getOrMake<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** Every pattern that was seen in the window or in the one before. */
export function patternsOf(grid: Grid, { now, before }: Rows): CountedPattern[] {
  const patterns = new Map<string, CountedPattern>();
  const of = (row: PatternCount) => getOrMake(patterns, row.patternId, () => emptyCount(row, grid.buckets));
  for (const row of now) {
    const pattern = of(row);
    const step = stepOf(row.bucketMs, grid.fromMs, grid);
    pattern.count += row.count;
    bump(pattern.counts, step, row.count);
    pattern.level = worse(pattern.level, row.level);
    pattern.lastSeenMs = Math.max(pattern.lastSeenMs, grid.fromMs + (step + 1) * grid.stepMs);
    add(pattern.services, row.service, row.count);
    if (row.version !== "") add(pattern.versions, row.version, row.count);
  }
  for (const row of before) {
    const pattern = of(row);
    pattern.before += row.count;
    pattern.lastSeenMs = Math.max(pattern.lastSeenMs, row.bucketMs + grid.stepMs);
    if (pattern.count === 0) {
      pattern.level = worse(pattern.level, row.level);
      add(pattern.services, row.service, 0);
    }
  }
  return [...patterns.values()];
}

function emptyCount(row: PatternCount, buckets: number): CountedPattern {
  const { template, name, pinned, ignored, level } = row;
  return {
    ...{ id: row.patternId, template, name, pinned, ignored, level, firstSeenMs: Date.parse(row.firstSeenAt) },
    ...{ count: 0, before: 0, counts: zeros(buckets), services: new Map(), versions: new Map(), lastSeenMs: 0 },
  };
}

/** What anomalies are looked for in: without the patterns that people ignore. */
export function historyOf(grid: Grid, { now, before, earlierDays }: Rows): LogHistory {
  const patterns = new Map<string, PatternHistory>();
  const services = new Map<string, ServiceHistory>();
  const sort = (rows: readonly PatternCount[], fromMs: number, own: "counts" | "before", of: "" | "Before"): void => {
    for (const row of rows) {
      if (row.ignored) continue;
      const key = serviceKey(row);
      const pattern = getOrMake(patterns, `${row.patternId}\n${key}`, () => emptyPattern(row, grid.buckets));
      const service = getOrMake(services, key, () => emptyService(row, grid.buckets));
      const step = stepOf(row.bucketMs, fromMs, grid);
      pattern.level = worse(pattern.level, row.level);
      bump(pattern[own], step, row.count);
      bump(service[`lines${of}`], step, row.count);
      if (isError(row.level)) bump(service[`errors${of}`], step, row.count);
    }
  };
  sort(now, grid.fromMs, "counts", "");
  sort(before, grid.fromMs - grid.buckets * grid.stepMs, "before", "Before");
  for (const { rows, shiftMs } of earlierDays) addDay(patterns, grid, rows, grid.fromMs - shiftMs);
  return { grid, patterns: [...patterns.values()], services: [...services.values()] };
}

function emptyPattern(row: PatternCount, buckets: number): PatternHistory {
  const { patternId, template, service, environment, level } = row;
  return {
    ...{ patternId, template, service, environment, level, firstSeenMs: Date.parse(row.firstSeenAt) },
    ...{ counts: zeros(buckets), before: zeros(buckets), earlierDays: [] },
  };
}

const emptyService = ({ service, environment }: PatternCount, buckets: number): ServiceHistory => ({
  ...{ service, environment, runningSinceMs: null, lines: zeros(buckets), errors: zeros(buckets) },
  ...{ linesBefore: zeros(buckets), errorsBefore: zeros(buckets) },
});

/** A day on which a pattern was not seen is a list of zeros: that much is known of it. */
function addDay(
  patterns: ReadonlyMap<string, PatternHistory>,
  grid: Grid,
  rows: readonly PatternCount[],
  fromMs: number,
): void {
  const days = new Map<PatternHistory, number[]>();
  for (const pattern of patterns.values()) {
    const day = zeros(grid.buckets);
    pattern.earlierDays.push(day);
    days.set(pattern, day);
  }
  for (const row of rows) {
    const pattern = patterns.get(`${row.patternId}\n${serviceKey(row)}`);
    const day = pattern && days.get(pattern);
    const step = stepOf(row.bucketMs, fromMs, grid);
    if (day) bump(day, step, row.count);
  }
}

/** All lines, those at error or worse, and warnings. */
export function totalsOf(rows: readonly PatternCount[]): LevelTotals {
  const totals: LevelTotals = { lines: 0, errors: 0, warnings: 0 };
  for (const row of rows) addTo(totals, row);
  return totals;
}

/** The same per step, oldest first. */
export function trendOf(grid: Grid, rows: readonly PatternCount[]): LevelTotals[] {
  const steps = zeros(grid.buckets).map((): LevelTotals => ({ lines: 0, errors: 0, warnings: 0 }));
  for (const row of rows) {
    const step = steps[stepOf(row.bucketMs, grid.fromMs, grid)];
    if (step) addTo(step, row);
  }
  return steps;
}

function addTo(totals: LevelTotals, { level, count }: PatternCount): void {
  totals.lines += count;
  if (isError(level)) totals.errors += count;
  if (level === "warn") totals.warnings += count;
}
