import type { LogLevel } from "../ports/telemetry.ts";
import type { Anomaly, AnomalyKind } from "./anomalies/anomaly.ts";
import type { PatternView } from "./schema.ts";

/** In which order a reader wants patterns, and what is marked on them. */

export type PatternTag = PatternView["tags"][number];

export interface RankedPattern {
  id: string;
  level: LogLevel | null;
  count: number;
  pinned: boolean;
  ignored: boolean;
}

const MARKS: ReadonlySet<AnomalyKind> = new Set(["new", "emerging", "vanished", "burst"]);

/** The tags of each pattern that has any, by id: kinds of its anomalies in the order found, then what people set. */
export function tagsOf(
  patterns: readonly RankedPattern[],
  anomalies: readonly Pick<Anomaly, "kind" | "patternId">[],
): Map<string, PatternTag[]> {
  const tags = new Map<string, PatternTag[]>();
  const add = (id: string, tag: PatternTag) => {
    const known = tags.get(id) ?? [];
    if (!known.includes(tag)) tags.set(id, [...known, tag]);
  };
  for (const { kind, patternId } of anomalies)
    if (patternId !== null && MARKS.has(kind)) add(patternId, kind as PatternTag);
  for (const { id, pinned, ignored } of patterns) {
    if (pinned) add(id, "pinned");
    if (ignored) add(id, "ignored");
  }
  return tags;
}

const LEVEL_RANK: Record<LogLevel, number> = { fatal: 0, error: 0, warn: 1, info: 2, debug: 3, trace: 3 };

/**
 * Pinned ones first, ignored ones last; between them what is new, emerging, bursting or gone, worst level first, then
 * errors, then the others, by count. The same input always gives the same order, so that pages fit together.
 */
export function rankPatterns<T extends RankedPattern>(
  patterns: readonly T[],
  tags: ReadonlyMap<string, readonly PatternTag[]>,
): T[] {
  const tierOf = ({ id, level, pinned, ignored }: T): number => {
    if (ignored) return 9;
    if (pinned) return 0;
    const rank = LEVEL_RANK[level ?? "info"];
    const marked = tags.get(id)?.some((tag) => MARKS.has(tag as AnomalyKind));
    if (marked) return 1 + rank;
    return rank === 0 ? 5 : 6;
  };
  return [...patterns].sort(
    (a, b) => tierOf(a) - tierOf(b) || b.count - a.count || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
}
