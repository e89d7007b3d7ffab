import { callerEnds } from "../../kernel/caller-ends.ts";
import type { CallerEnds, TrafficCounts } from "../../ports/traffic.ts";

/** Requests of one caller are no independent trials: a scanner that falls to the new version is not its fault. */

const MOST_CALLERS = 3;

/**
 * The rows without what the three worst callers brought about; null when no caller is told apart. Only a few callers of
 * each row are known: of a version that fails for many, most failures stay.
 */
export function withoutWorstCallers(rows: readonly TrafficCounts[]): TrafficCounts[] | null {
  const totals = new Map<number, number>();
  for (const one of rows.flatMap(({ callers = [] }) => callers))
    totals.set(one.caller, (totals.get(one.caller) ?? 0) + callerEnds(one));
  if (totals.size === 0) return null;
  const worst = [...totals].sort((a, b) => b[1] - a[1]).slice(0, MOST_CALLERS);
  const names = new Set(worst.map(([caller]) => caller));
  return rows.map((row) => (row.callers ?? []).filter(({ caller }) => names.has(caller)).reduce(without, row));
}

const without = (row: TrafficCounts, ends: CallerEnds): TrafficCounts => ({
  ...row,
  requests: row.requests - callerEnds(ends),
  status3xx: row.status3xx - ends.status3xx,
  status4xx: row.status4xx - ends.status4xx,
  status5xx: row.status5xx - ends.status5xx,
});
