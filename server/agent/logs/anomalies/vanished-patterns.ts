import { groupedCount } from "../../text/numbers.ts";
import { type Anomaly, type Grid, type PatternHistory, type ServiceHistory, scoreOf, sumOf } from "./anomaly.ts";
import { dispersionOf } from "./statistics.ts";
import { named, quoted, span } from "./wording.ts";

/** Heartbeats that are gone: what a service said regularly and says no more. */

const PRESENT_SHARE = 0.8;
const MOST_DISPERSION = 2;
/** Below it lines come by the clock, not with the traffic. */
const CLOCKWORK = 0.5;
const LEAST_MISSED = 5;
/** How likely one of all regular patterns may be silent by chance. */
const CHANCE = 0.001;

/**
 * Patterns in at least 80 % of the buckets of the window before, evenly, of which at least five lines are missing at the
 * end of the window, while the service still logs or is known to run. Lines that come with the traffic are missed only
 * where there was traffic, and the more of them the more they vary: e⁻ⁿ is how likely n expected lines all stay out.
 * Of a service that is silent altogether, only the time since its instances run counts.
 */
export function findVanished(grid: Grid, patterns: readonly PatternHistory[], service: ServiceHistory): Anomaly[] {
  const regular = patterns.flatMap((pattern) => {
    const dispersion = regularity(pattern, service);
    return dispersion === null ? [] : { pattern, dispersion };
  });
  const worstCase = Math.log(Math.max(1, regular.length) / CHANCE);
  return regular.flatMap(({ pattern, dispersion }) => {
    const quiet = silenceOf(pattern, grid, service);
    if (quiet.silentMs === 0) return [];
    const expected = dispersion < CLOCKWORK ? quiet.missedByTime : Math.min(quiet.missedByTime, quiet.missedByTraffic);
    const missed = expected * awakeShare(quiet, service);
    if (missed < Math.max(LEAST_MISSED, dispersion * worstCase)) return [];
    return anomalyOf(pattern, service, quiet, missed);
  });
}

/** The dispersion of a pattern that is regular; null for any other. */
function regularity({ before }: PatternHistory, { linesBefore }: ServiceHistory): number | null {
  const present = before.filter((count) => count > 0).length;
  if (present < PRESENT_SHARE * before.length) return null;
  const byTime = dispersionOf(
    before,
    before.map(() => 1),
  );
  const byTraffic = dispersionOf(before, linesBefore);
  if (byTime === null || byTraffic === null) return null;
  const least = byTime < CLOCKWORK ? byTime : Math.max(CLOCKWORK, Math.min(byTime, byTraffic));
  return least <= MOST_DISPERSION ? least : null;
}

interface Silence {
  silentMs: number;
  /** when the last bucket with a line ended */
  sinceMs: number;
  intervalMs: number;
  /** of the service, while the pattern was silent */
  lines: number;
  missedByTime: number;
  missedByTraffic: number;
}

/** Buckets that lines may still come for are left aside, unless they have some: then the pattern is not gone. */
function silenceOf({ counts, before }: PatternHistory, grid: Grid, service: ServiceHistory): Silence {
  const open = Math.min(grid.open ?? 0, counts.length);
  const isBack = counts.slice(counts.length - open).some((count) => count > 0);
  const closed = counts.slice(0, counts.length - open);
  const all = [...before, ...closed];
  const last = all.findLastIndex((count) => count > 0);
  const silent = isBack ? 0 : Math.min(closed.length, all.length - 1 - last);
  const silentMs = silent * grid.stepMs;
  const events = sumOf(before);
  const others = sumOf(service.linesBefore) - events;
  const lines = sumOf(service.lines.slice(closed.length - silent, closed.length));
  const intervalMs = (before.length * grid.stepMs) / events;
  return {
    ...{ silentMs, intervalMs, lines },
    sinceMs: grid.fromMs + (closed.length - silent) * grid.stepMs,
    missedByTime: silentMs / intervalMs,
    missedByTraffic: others > 0 ? (events / others) * lines : silentMs / intervalMs,
  };
}

/** The share of the silence, 0…1, in which the service wrote other lines or is known to run. */
function awakeShare({ silentMs, sinceMs, lines }: Silence, { runningSinceMs }: ServiceHistory): number {
  if (lines > 0) return 1;
  if (runningSinceMs === null) return 0;
  return Math.min(1, Math.max(0, sinceMs + silentMs - runningSinceMs) / silentMs);
}

function anomalyOf(
  { patternId, template, level, before }: PatternHistory,
  { service, environment, runningSinceMs }: ServiceHistory,
  { silentMs, sinceMs, intervalMs, lines }: Silence,
  missed: number,
): Anomaly {
  const still = lines > 0 ? `logged ${groupedCount(lines)} other lines meanwhile` : "runs all the same";
  const base = `${groupedCount(sumOf(before))} lines in the ${span(intervalMs * sumOf(before))} before`;
  return {
    ...{ kind: "vanished", severity: "warning", atMs: sinceMs, patternId, template, level, service, environment },
    sentence: `${quoted(template)} is gone for ${span(silentMs)}: it came every ${span(intervalMs)} (${base}), and ${named({ service, environment })} ${still}`,
    evidence: {
      ...{ silentSeconds: silentMs / 1_000, intervalSeconds: intervalMs / 1_000, countBefore: sumOf(before) },
      ...{ missed, serviceLines: lines },
      runningSince: runningSinceMs === null ? null : new Date(runningSinceMs).toISOString(),
    },
    score: scoreOf("warning", "vanished", missed),
  };
}
