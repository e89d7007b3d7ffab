import type { LogFilter, LogSource, PatternCount } from "../../ports/log-source.ts";
import type { Answer } from "../../ports/source.ts";
import { findAnomalies } from "../anomalies/index.ts";
import { historyOf, type Rows } from "./counted-window.ts";
import { daysEarlier, type Frame } from "./frame.ts";

/** Counts of patterns from a source that mines lines as they arrive. */

const DAY_MS = 86_400_000;
const EARLIER_DAYS = 7;
/** days are compared by their hour; a longer window holds several of them */
const LONGEST_BY_DAYS_MS = 26 * 3_600_000;
const HOUR_MS = 3_600_000;

type CountPatterns = NonNullable<LogSource["patternCounts"]>;

/** The window, the one before and, where they can tell more, the same hours of earlier days. */
export async function readRollups(
  count: CountPatterns,
  filter: LogFilter,
  { grid, window, before }: Frame,
  signal?: AbortSignal,
): Promise<{ rows: Rows; answers: [Answer<unknown>, Answer<unknown>] }> {
  const stepSeconds = grid.stepMs / 1_000;
  const read = (of: Frame["window"]) => count({ window: of, filter, stepSeconds }, signal);
  const [now, earlier] = await Promise.all([read(window), read(before)]);
  const rows: Rows = { now: now.data, before: earlier.data, earlierDays: [] };
  const days = wantsDays(rows, grid) ? await readDays(read, window) : [];
  return { rows: { ...rows, earlierDays: days }, answers: [now, earlier] };
}

/** Hours are few. Minutes of a week are many, and are read only when there is something that they may explain. */
function wantsDays(rows: Rows, grid: Frame["grid"]): boolean {
  if (rows.now.length === 0 || grid.stepMs * grid.buckets > LONGEST_BY_DAYS_MS || grid.stepMs < 60_000) return false;
  if (grid.stepMs >= HOUR_MS) return true;
  return findAnomalies(historyOf(grid, rows)).some(({ kind }) => kind === "burst" || kind === "emerging");
}

/** A day of which nothing is kept is left out: it is not one without lines. */
async function readDays(
  read: (window: Frame["window"]) => Promise<Answer<PatternCount[]>>,
  window: Frame["window"],
): Promise<Rows["earlierDays"]> {
  const days = Array.from({ length: EARLIER_DAYS }, (_, i) => i + 1);
  const answers = await Promise.all(days.map((day) => read(daysEarlier(window, day))));
  return answers
    .map(({ data }, i) => ({ rows: data, shiftMs: (i + 1) * DAY_MS }))
    .filter(({ rows }) => rows.length > 0);
}
