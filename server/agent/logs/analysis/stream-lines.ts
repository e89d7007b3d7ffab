import type { LogFilter, LogLineRecord, LogSource } from "../../ports/log-source.ts";
import type { Answer, TimeWindow } from "../../ports/source.ts";
import { groupedCount } from "../../text/numbers.ts";
import type { TraceStep } from "../anomalies/sequences.ts";
import { percent } from "../anomalies/wording.ts";
import type { Frame } from "./frame.ts";
import { createLineCounter, type KnownPattern, type LineCounter } from "./line-counter.ts";
import type { Samples } from "./pattern-views.ts";
import type { Reading } from "./read-counts.ts";

/** Patterns of lines that nobody has counted: each window is read, oldest line first, and mined or grouped. */

/** lines read of one window at most; of more, the same share of each step */
const MOST_LINES = 200_000;
const PAGE_LINES = 4_000;
/** what patterns are looked up with; none of their counts is used */
const LOOKUP_STEP_SECONDS = 604_800;

export interface Listening {
  signal?: AbortSignal | undefined;
  /** told how many lines of how many are read */
  progress?: ((done: number, total: number, message: string) => Promise<void>) | undefined;
}

/** Both windows, with as many lines as may be read. Memory grows with patterns and steps, not with lines. */
export async function streamLines(
  source: LogSource,
  filter: LogFilter,
  { grid, window, before }: Frame,
  listening: Listening,
): Promise<Reading> {
  const { signal } = listening;
  const known = await knownPatterns(source, filter, { from: before.from, to: window.to }, signal);
  const count = (of: TimeWindow) => source.counts({ window: of, filter, stepSeconds: grid.stepMs / 1_000 }, signal);
  const [countsBefore, countsNow] = await Promise.all([count(before), count(window)]);
  const plans = [planOf(before, countsBefore, grid.stepMs), planOf(window, countsNow, grid.stepMs)];
  const total = plans.reduce((sum, plan) => sum + plan.reading, 0);
  const counter = createLineCounter(grid, known);
  const steps: Step[][] = [];
  const taken: ReturnType<LineCounter["take"]>[] = [];
  let samples = new Map<string, Samples>();
  let done = 0;
  for (const plan of plans) {
    const own: Step[] = [];
    for (const slice of plan.slices)
      for await (const lines of readSlice(source, filter, slice, signal)) {
        for (const line of lines) addLine(counter, own, line, slice.weight);
        done += lines.length;
        await listening.progress?.(done, total, `Read ${groupedCount(done)} of ${groupedCount(total)} lines`);
      }
    samples = counter.samples();
    taken.push(counter.take());
    steps.push(own);
  }
  const [earlier, now] = taken.map((rows) => rows());
  const share = plans[1]?.share ?? 1;
  const isWhole = plans.every((plan) => plan.share === 1);
  const named = steps.map((list) => list.map(({ key, ...step }) => ({ ...step, patternId: counter.idOf(key) })));
  return {
    rows: { now: now ?? [], before: earlier ?? [], earlierDays: [] },
    answers: [countsNow, countsBefore],
    notes: isWhole ? [] : [noteOf(share, countsNow)],
    samples,
    steps: isWhole ? { now: named[1] ?? [], before: named[0] ?? [] } : null,
  };
}

const noteOf = (share: number, counts: Answer<{ count: number }[]>): string => {
  const lines = counts.data.reduce((sum, { count }) => sum + count, 0);
  return `There are more lines than are read at once: ${percent(share)} of the ${groupedCount(lines)} in the window were, evenly over it, and the counts of patterns are estimates. Choose a narrower window or filter for exact ones.`;
};

type Step = Omit<TraceStep, "patternId"> & { key: string | number };

function addLine(counter: LineCounter, steps: Step[], line: LogLineRecord, weight: number): void {
  const key = counter.add(line, weight);
  const { traceId, service, environment } = line;
  if (traceId !== null) steps.push({ traceId, service, environment, key, atMs: Date.parse(line.at) });
}

/** A part of a window, of which the first lines are read. */
interface Slice {
  window: TimeWindow;
  /** lines to read at most */
  lines: number;
  /** lines that one of those stands for */
  weight: number;
}

interface Plan {
  slices: Slice[];
  /** 0…1 */
  share: number;
  reading: number;
}

/** All at once where that is little enough, else the begin of each step. */
function planOf(window: TimeWindow, { data }: Answer<{ bucketMs: number; count: number }[]>, stepMs: number): Plan {
  const total = data.reduce((sum, { count }) => sum + count, 0);
  if (total <= MOST_LINES)
    return { slices: [{ window, lines: Number.POSITIVE_INFINITY, weight: 1 }], share: 1, reading: total };
  const share = MOST_LINES / total;
  const byBucket = new Map<number, number>();
  for (const { bucketMs, count } of data) byBucket.set(bucketMs, (byBucket.get(bucketMs) ?? 0) + count);
  const slices = [...byBucket]
    .sort(([a], [b]) => a - b)
    .map(([bucketMs, count]): Slice => {
      const lines = Math.ceil(count * share);
      const from = new Date(Math.max(bucketMs, window.from.getTime()));
      const to = new Date(Math.min(bucketMs + stepMs, window.to.getTime()));
      return { window: { from, to }, lines, weight: count / lines };
    });
  return { slices, share, reading: slices.reduce((sum, { lines }) => sum + lines, 0) };
}

async function* readSlice(
  source: LogSource,
  filter: LogFilter,
  { window, lines }: Slice,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogLineRecord[]> {
  let left = lines;
  let cursor: string | undefined;
  do {
    signal?.throwIfAborted();
    const query = { window, filter, order: "oldest-first", limit: Math.min(PAGE_LINES, left), cursor } as const;
    const page: Awaited<ReturnType<LogSource["lines"]>> = await source.lines(query, signal);
    yield page.data.lines;
    left -= page.data.lines.length;
    cursor = page.data.nextCursor ?? undefined;
  } while (cursor !== undefined && left > 0);
}

/** Patterns that the source has mined, by id; empty where it mines none. */
async function knownPatterns(
  source: LogSource,
  { service, environment, version }: LogFilter,
  window: TimeWindow,
  signal: AbortSignal | undefined,
): Promise<Map<string, KnownPattern>> {
  if (source.patternCounts === null) return new Map();
  const filter: LogFilter = { service, environment, version, terms: [] };
  const { data } = await source.patternCounts({ window, filter, stepSeconds: LOOKUP_STEP_SECONDS }, signal);
  return new Map(
    data.map(({ patternId, template, name, pinned, ignored, firstSeenAt }) => [
      patternId,
      { patternId, template, name, pinned, ignored, firstSeenAt },
    ]),
  );
}
