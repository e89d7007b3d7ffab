/**
 * Which pattern follows which in the traces of a service: DeepLog's workflow model (Du et al., CCS 2017) in its simplest
 * form, a count of next patterns. Steps stream through; of a trace only its last one is kept.
 */

const MAX_OPEN_TRACES = 20_000;
const MAX_TRANSITIONS = 20_000;

/** One line of a trace. */
export interface TraceStep {
  traceId: string;
  service: string;
  environment: string;
  patternId: string;
  atMs: number;
}

/** In place of a pattern where a trace ends. */
export const END = "";

export interface Transition {
  service: string;
  environment: string;
  from: string;
  /** END where the trace ended */
  to: string;
  count: number;
  firstMs: number;
  /** one of the traces that took it */
  exampleTraceId: string;
}

export interface SequenceCounts {
  transitions: Map<string, Transition>;
  /** how often each pattern was left, by service, environment and pattern */
  left: Map<string, number>;
  /** the last step of each trace in each service, longest untouched first */
  open: Map<string, TraceStep>;
  /** transitions not counted because there were too many different ones */
  dropped: number;
}

export const createSequenceCounts = (): SequenceCounts => ({
  transitions: new Map(),
  left: new Map(),
  open: new Map(),
  dropped: 0,
});

const keyOf = (...parts: string[]): string => parts.join("\n");
export const placeOf = (of: { service: string; environment: string }, patternId: string): string =>
  keyOf(of.service, of.environment, patternId);

/**
 * Counts lines of traces, oldest first. Bounded: beyond 20,000 traces at once the longest untouched is given up without
 * counting an end; beyond 20,000 different transitions new ones are dropped.
 */
export function countSteps(counts: SequenceCounts, steps: Iterable<TraceStep>): void {
  for (const step of steps) {
    const key = keyOf(step.service, step.environment, step.traceId);
    const before = counts.open.get(key);
    if (before) {
      counts.open.delete(key);
      countTransition(counts, before, step.patternId, step.atMs);
    } else if (counts.open.size >= MAX_OPEN_TRACES) {
      const [oldest] = counts.open.keys();
      if (oldest !== undefined) counts.open.delete(oldest);
    }
    counts.open.set(key, step);
  }
}

/** Counts as ended the traces that said nothing since `untilMs`. Those still open are not known to have ended. */
export function countEnds(counts: SequenceCounts, untilMs: number): void {
  for (const [key, last] of counts.open) {
    if (last.atMs > untilMs) continue;
    counts.open.delete(key);
    countTransition(counts, last, END, last.atMs);
  }
}

function countTransition(counts: SequenceCounts, from: TraceStep, to: string, atMs: number): void {
  const place = placeOf(from, from.patternId);
  const key = keyOf(place, to);
  const known = counts.transitions.get(key);
  if (known) known.count++;
  else if (counts.transitions.size >= MAX_TRANSITIONS) {
    counts.dropped++;
    return;
  } else {
    const { service, environment, patternId, traceId } = from;
    const transition = { service, environment, from: patternId, to, count: 1, firstMs: atMs, exampleTraceId: traceId };
    counts.transitions.set(key, transition);
  }
  counts.left.set(place, (counts.left.get(place) ?? 0) + 1);
}
