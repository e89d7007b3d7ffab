import { type Anomaly, type LogHistory, type PatternHistory, serviceKey } from "./anomaly.ts";
import { findBursts } from "./bursts.ts";
import { findEmerging } from "./emerging-patterns.ts";
import { findRatioChanges } from "./error-ratio.ts";
import { findNew } from "./new-patterns.ts";
import { findVanished } from "./vanished-patterns.ts";

/**
 * Everything that stands out in the counts of a window, worst first; empty when nothing does. A pattern is reported once
 * for what is most to be said of it: new, else emerging, else its bursts. Broken sequences need lines, not counts, and
 * are found by `findBrokenSequences`; `byScore` sorts them in.
 */
export function findAnomalies({ grid, patterns, services }: LogHistory): Anomaly[] {
  const byService = new Map<string, PatternHistory[]>();
  for (const pattern of patterns) {
    const key = serviceKey(pattern);
    const known = byService.get(key);
    if (known) known.push(pattern);
    else byService.set(key, [pattern]);
  }
  const found = services.flatMap((service) => {
    const own = byService.get(serviceKey(service)) ?? [];
    return [
      ...[...findNew(grid, own, service), ...findEmerging(grid, own, service)],
      ...[...findVanished(grid, own, service), ...findRatioChanges(grid, service, services.length)],
    ];
  });
  const said = new Set<string>();
  return [...found, ...findBursts(grid, patterns)]
    .filter(({ kind, patternId, service, environment }) => {
      const key = `${patternId}\n${service}\n${environment}`;
      if (kind === "new") said.add(key);
      else if (kind === "emerging" || kind === "burst") {
        if (said.has(key)) return false;
        if (kind === "emerging") said.add(key);
      }
      return true;
    })
    .sort(byScore);
}

export const byScore = (a: Anomaly, b: Anomaly): number =>
  b.score - a.score || a.atMs - b.atMs || (a.sentence < b.sentence ? -1 : 1);
