import type { TrafficCounts } from "../ports/traffic.ts";
import { addHistogram, bucketOf, bucketUpperMs, emptyHistogram, quantileMs } from "./histogram.ts";

/** How exchanges through a balancer end: each in exactly one of these classes, whatever happened to it. */
export const OUTCOMES = [
  "status2xx",
  "status3xx",
  "status4xx",
  "status5xx",
  "clientLeft",
  "refused",
  "timedOut",
  "brokenOff",
  "upgraded",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Whose requests belong to the service and to none of its versions: refused before one was chosen. */
export const NO_VERSION = "";

/** The counts of one bucket of time; `requests` is the sum of all classes. */
export type OutcomeCounts = Pick<TrafficCounts, "requests" | Outcome | "latency" | "leftAfter">;

/** Nobody was let wait who left sooner: below it people notice no delay (Nielsen, Response times, 1993) … */
const NOTICED_MS = 100;
/** … and from here on a wait is long however slow the service is, unless waiting is usual there. */
const LONG_MS = 1_000;

/**
 * The class of an answer that an instance gave; a final status, 200 or more. 304 is sent to who has the content already
 * (RFC 9110 section 15.4.5) and counts as 2xx; every other 3xx, known or not, sends its client elsewhere.
 */
export function outcomeOfStatus(status: number): "status2xx" | "status3xx" | "status4xx" | "status5xx" {
  if (status >= 500) return "status5xx";
  if (status >= 400) return "status4xx";
  return status >= 300 && status !== 304 ? "status3xx" : "status2xx";
}

/**
 * Whether an answer whose head is there stood still: its client waited for the next byte twice as long as for any byte
 * before; longer than 100 ms in any case, and 1 s is always too long.
 */
export const stoodStill = (waitedMs: number, longestPauseMs: number): boolean =>
  waitedMs > Math.min(LONG_MS, Math.max(NOTICED_MS, 2 * longestPauseMs));

/** Nothing counted yet; both histograms are empty lists. */
export const noOutcomes = (): OutcomeCounts => ({
  ...{ requests: 0, status2xx: 0, status3xx: 0, status4xx: 0, status5xx: 0 },
  ...{ clientLeft: 0, refused: 0, timedOut: 0, brokenOff: 0, upgraded: 0 },
  ...{ latency: [], leftAfter: [] },
});

/** Adds `from` into `into`, in place. */
export function addOutcomes(into: OutcomeCounts, from: OutcomeCounts): void {
  into.requests += from.requests;
  for (const outcome of OUTCOMES) into[outcome] += from[outcome];
  addHistogram(into.latency, from.latency);
  addHistogram(into.leftAfter, from.leftAfter);
}

/** All rows together. */
export function sumOutcomes(rows: readonly OutcomeCounts[]): OutcomeCounts {
  const sum = { ...noOutcomes(), latency: emptyHistogram() };
  for (const row of rows) addOutcomes(sum, row);
  return sum;
}

/**
 * From how many milliseconds on a client of `counts` that left had waited too long; Infinity: none had. It is the
 * shortest wait after which more left, as a share, than were answered later by `reference`: where answers are that slow,
 * leaving is a choice. It is at least twice the p95 of the answers given within 1 s, between 100 ms and 1 s.
 * @param reference what is usual: a canary's baseline, or a longer window. Only sums: one bucket says little.
 */
export function waitLimitMs(counts: Timed, reference: Timed = counts): number {
  const leavers = sumOf(counts.leftAfter);
  if (leavers === 0) return Infinity;
  const answers = answersOf(reference);
  const left = padded(counts.leftAfter);
  const first = bucketOf(patienceMs(answers, leavers > sumOf(answersOf(counts))));
  const of = leavers + sumOf(counts.latency);
  const ofReference = sumOf(reference.leftAfter) + sumOf(reference.latency);
  let waited = sumOf(left.slice(first));
  let slower = sumOf(answers.slice(first));
  for (let i = first; waited > 0; i++) {
    // a reference without requests excuses nobody
    if (slower === 0 || waited * ofReference > slower * of) return lowerMs(i);
    waited -= left[i] ?? 0;
    slower -= answers[i] ?? 0;
  }
  return Infinity;
}

type Timed = Pick<OutcomeCounts, "latency" | "leftAfter" | "timedOut" | "brokenOff" | "status5xx">;

const sumOf = (histogram: readonly number[]): number => histogram.reduce((sum, count) => sum + count, 0);
const padded = (histogram: readonly number[]): number[] => emptyHistogram().map((_, i) => histogram[i] ?? 0);
/** inside bucket i, near its lower end */
const lowerMs = (i: number): number => (i === 0 ? 0 : bucketUpperMs(i - 1) * 1.001);

/** The latencies without those of failures, which are taken for the slowest: who is compared with them is not excused. */
function answersOf({ latency, timedOut, brokenOff, status5xx }: Timed): number[] {
  const answers = padded(latency);
  for (let i = answers.length - 1, failed = timedOut + brokenOff + status5xx; i >= 0 && failed > 0; i--) {
    const taken = Math.min(failed, answers[i] ?? 0);
    answers[i] = (answers[i] ?? 0) - taken;
    failed -= taken;
  }
  return answers;
}

function patienceMs(answers: readonly number[], mostLeft: boolean): number {
  const p95Ms = quantileMs(answers.slice(0, bucketOf(LONG_MS) + 1), 0.95);
  if (p95Ms === null) return mostLeft ? NOTICED_MS : LONG_MS;
  return Math.min(LONG_MS, Math.max(NOTICED_MS, 2 * p95Ms));
}

/**
 * How many requests failed for those who sent them: answered with 5xx, refused, timed out, broken off, and those whose
 * client left after waiting for `limitMs` or longer, as `waitLimitMs` finds it; null: by these counts themselves.
 */
export function failedRequests(counts: Omit<OutcomeCounts, "requests">, limitMs: number | null): number {
  const limit = limitMs ?? waitLimitMs(counts);
  // the bucket in which the limit falls is counted: rather one failure too many than one unseen
  const leftLate = limit === Infinity ? 0 : sumOf(counts.leftAfter.slice(bucketOf(limit)));
  return counts.status5xx + counts.refused + counts.timedOut + counts.brokenOff + leftLate;
}
