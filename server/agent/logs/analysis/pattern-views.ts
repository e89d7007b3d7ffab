import { AppError } from "../../kernel/errors.ts";
import type { LogFilter, LogSource } from "../../ports/log-source.ts";
import type { TimeWindow } from "../../ports/source.ts";
import type { PatternTag } from "../rank-patterns.ts";
import type { PatternView } from "../schema.ts";
import type { PatternAlert } from "../store.ts";
import type { CountedPattern } from "./counted-window.ts";
import { isKept, patternQuery } from "./pattern-query.ts";

/** Patterns as a reader sees them. */

/** @throws INVALID for the cursor of another analysis */
export function pageAfter(
  ranked: readonly CountedPattern[],
  cursor: string | undefined,
  limit: number,
): CountedPattern[] {
  if (cursor === undefined) return ranked.slice(0, limit);
  const last = ranked.findIndex(({ id }) => id === cursor);
  if (last >= 0) return ranked.slice(last + 1, last + 1 + limit);
  throw new AppError(
    "INVALID",
    "This cursor is not one of this analysis. Pass the same window and filter as for the page before, or begin without a cursor.",
  );
}

/** The newest lines of a pattern, and when the last one was written. */
export interface Samples {
  lines: string[];
  /** ISO 8601; null when no line is kept any more */
  lastAt: string | null;
}

/** Samples of each pattern that was seen in the window, by id. */
export async function readSamples(
  source: LogSource,
  patterns: readonly CountedPattern[],
  { window, filter, limit }: { window: TimeWindow; filter: LogFilter; limit: number },
  signal?: AbortSignal,
): Promise<Map<string, Samples>> {
  const read = async ({ id }: CountedPattern): Promise<[string, Samples]> => {
    const query = { window, filter: { ...filter, patternId: id }, order: "newest-first", limit } as const;
    const { lines } = (await source.lines(query, signal)).data;
    return [id, { lines: lines.map(({ body }) => body), lastAt: lines[0]?.at ?? null }];
  };
  return new Map(await Promise.all(patterns.filter(({ count }) => count > 0).map(read)));
}

interface Shown {
  /** of the window */
  lines: number;
  /** false: nothing is known of the window before */
  isBeforeKnown: boolean;
  endMs: number;
  tags: ReadonlyMap<string, PatternTag[]>;
  samples: ReadonlyMap<string, Samples>;
  alerts: ReadonlyMap<string, PatternAlert>;
}

export function viewPattern(pattern: CountedPattern, shown: Shown): PatternView {
  const { id, template, name, level, count, before, counts, firstSeenMs, lastSeenMs } = pattern;
  const samples = shown.samples.get(id);
  const lastAt = samples?.lastAt ?? new Date(Math.min(lastSeenMs, shown.endMs)).toISOString();
  return {
    ...{ id, template, name, level, count, trend: counts },
    share: shown.lines === 0 ? 0 : count / shown.lines,
    before: shown.isBeforeKnown ? before : null,
    tags: shown.tags.get(id) ?? [],
    services: mostFirst(pattern.services),
    versions: mostFirst(pattern.versions),
    firstSeenAt: new Date(firstSeenMs).toISOString(),
    lastSeenAt: lastAt,
    samples: samples?.lines ?? [],
    query: patternQuery(pattern),
    kept: isKept(id),
    alert: shown.alerts.get(id) ?? null,
  };
}

const mostFirst = (counts: ReadonlyMap<string, number>): string[] =>
  [...counts]
    .filter(([name]) => name !== "")
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([name]) => name);
