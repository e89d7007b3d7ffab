import type { LogLevel } from "../../ports/telemetry.ts";
import { groupedCount } from "../../text/numbers.ts";
import { type Anomaly, isError, scoreOf } from "./anomaly.ts";
import { END, placeOf, type SequenceCounts, type Transition } from "./sequences.ts";
import { discoveries, riseProbability } from "./statistics.ts";
import { named, percent, quoted } from "./wording.ts";

/** Traces that end early or take a turn that traces did not take before. */

/** What comes after a pattern is known when so many traces have shown it. */
const LEAST_LEARNED = 20;
const LEAST_BROKEN = 3;
/** Turns that were more frequent before are no break. */
const MOST_BEFORE = 0.01;
const FALSE_SHARE = 0.01;

interface PatternName {
  template: string;
  level: LogLevel | null;
}

interface Candidate {
  transition: Transition;
  traces: number;
  countBefore: number;
  tracesBefore: number;
  pValue: number;
}

/**
 * Transitions of the window that at most one trace in a hundred took in the window before, and that are surely more
 * frequent now (exact test, Benjamini-Hochberg). Counts as `countSteps` makes them; both with `countEnds` called.
 */
export function findBrokenSequences(
  now: SequenceCounts,
  before: SequenceCounts,
  patterns: ReadonlyMap<string, PatternName>,
): Anomaly[] {
  const candidates = [...now.transitions].flatMap(([key, transition]) => {
    const place = placeOf(transition, transition.from);
    const tracesBefore = before.left.get(place) ?? 0;
    if (tracesBefore < LEAST_LEARNED) return [];
    const countBefore = before.transitions.get(key)?.count ?? 0;
    const traces = now.left.get(place) ?? 0;
    const pValue = riseProbability(
      { events: transition.count, exposure: traces },
      { events: countBefore, exposure: tracesBefore },
    );
    return { transition, traces, countBefore, tracesBefore, pValue };
  });
  const sure = discoveries(
    candidates.map((one) => one.pValue),
    FALSE_SHARE,
  );
  return candidates
    .filter(({ transition, countBefore, tracesBefore }, i) => {
      const rare = countBefore <= MOST_BEFORE * tracesBefore;
      return sure[i] && rare && transition.count >= LEAST_BROKEN && transition.from !== transition.to;
    })
    .map((candidate) => anomalyOf(candidate, before, patterns));
}

function anomalyOf(
  { transition, traces, countBefore, tracesBefore, pValue }: Candidate,
  before: SequenceCounts,
  patterns: ReadonlyMap<string, PatternName>,
): Anomaly {
  const { from, to, service, environment, count, firstMs, exampleTraceId } = transition;
  const nameOf = (id: string) => quoted(patterns.get(id)?.template ?? `pattern ${id}`);
  const usual = usualAfter(transition, before);
  const subject = to === END ? from : to;
  const level = patterns.get(subject)?.level ?? null;
  const severity = to === END || isError(level) ? "warning" : "info";
  const what = to === END ? `end with ${nameOf(from)}` : `go from ${nameOf(from)} to ${nameOf(to)}`;
  const usually =
    usual === null || usual.to === END
      ? "usually that is the end"
      : `usually ${nameOf(usual.to)} follows (${percent(usual.count / tracesBefore)})`;
  return {
    ...{ kind: "broken-sequence", severity, atMs: firstMs, service, environment, level, patternId: subject },
    template: patterns.get(subject)?.template ?? null,
    sentence: `${groupedCount(count)} of ${groupedCount(traces)} traces of ${named({ service, environment })} ${what}; before ${groupedCount(countBefore)} of ${groupedCount(tracesBefore)} did, ${usually}`,
    evidence: {
      ...{ traces: count, ofTraces: traces, tracesBefore: countBefore, ofTracesBefore: tracesBefore, pValue },
      ...{ after: from, expected: usual?.to || null, exampleTraceId },
    },
    score: scoreOf(severity, "broken-sequence", count),
  };
}

/** What followed most often in the window before. */
function usualAfter(transition: Transition, before: SequenceCounts): Transition | null {
  let usual: Transition | null = null;
  for (const one of before.transitions.values()) {
    const samePlace =
      one.from === transition.from && one.service === transition.service && one.environment === transition.environment;
    if (samePlace && one.count > (usual?.count ?? 0)) usual = one;
  }
  return usual;
}
