import type { LogFilter, LogSource } from "../../ports/log-source.ts";
import type { TimeWindow } from "../../ports/source.ts";
import { describeSeconds } from "../../text/durations.ts";
import type { Anomaly } from "../anomalies/anomaly.ts";
import { findBrokenSequences } from "../anomalies/broken-sequences.ts";
import {
  countEnds,
  countSteps,
  createSequenceCounts,
  type SequenceCounts,
  type TraceStep,
} from "../anomalies/sequences.ts";
import type { CountedPattern } from "./counted-window.ts";
import type { Frame } from "./frame.ts";

/** Which pattern followed which in traces, now and before. */

/** newest lines of traces that are read of one window: hundreds of traces, in a tenth of a second */
const MOST_LINES = 5_000;
/** in a longer window so few lines say nothing of the whole */
const LONGEST_MS = 6 * 3_600_000;
const DEADLINE_MS = 1_500;
/** a trace may go on after so long a silence */
const QUIET_MS = 10_000;

/** Lines of traces, oldest first. */
export interface Steps {
  now: TraceStep[];
  before: TraceStep[];
}

/**
 * The newest lines of traces in both windows, oldest first; or why they were not read. Gives up after a second and a
 * half: what it finds is worth less than an answer.
 */
export async function readSteps(
  source: LogSource,
  filter: LogFilter,
  { grid, window, before }: Frame,
  signal?: AbortSignal,
): Promise<Steps | { note: string }> {
  const leftOut = (why: string) => ({ note: `The order of lines within traces was not looked at: ${why}` });
  if (grid.buckets * grid.stepMs > LONGEST_MS + grid.stepMs)
    return leftOut(`the window is longer than ${describeSeconds(LONGEST_MS / 1_000)}.`);
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
  try {
    const [now, earlier] = await Promise.all([
      newestSteps(source, filter, window, either),
      newestSteps(source, filter, before, either),
    ]);
    return { now, before: earlier };
  } catch (error) {
    if (!deadline.aborted || signal?.aborted) throw error;
    return leftOut("reading them took too long. Choose a narrower window or a service.");
  }
}

async function newestSteps(
  source: LogSource,
  filter: LogFilter,
  window: TimeWindow,
  signal: AbortSignal,
): Promise<TraceStep[]> {
  const traced: LogFilter = {
    ...filter,
    terms: [...filter.terms, { kind: "field", field: "trace", value: "*", negated: false }],
  };
  const query = { window, filter: traced, order: "newest-first", limit: MOST_LINES } as const;
  const { lines } = (await source.lines(query, signal)).data;
  return lines
    .flatMap(({ traceId, patternId, service, environment, at }) =>
      traceId === null || patternId === null
        ? []
        : [{ traceId, patternId, service, environment, atMs: Date.parse(at) }],
    )
    .reverse();
}

/** Traces of the window that took another way than those before; ignored patterns are no step of any. */
export function brokenSequences(steps: Steps, patterns: readonly CountedPattern[], frame: Frame): Anomaly[] {
  const byId = new Map(patterns.map((pattern) => [pattern.id, pattern]));
  const counted = (list: readonly TraceStep[], endMs: number): SequenceCounts => {
    const counts = createSequenceCounts();
    countSteps(
      counts,
      list.filter(({ patternId }) => byId.get(patternId)?.ignored !== true),
    );
    countEnds(counts, endMs - QUIET_MS);
    return counts;
  };
  return findBrokenSequences(counted(steps.now, frame.endMs), counted(steps.before, frame.before.to.getTime()), byId);
}
