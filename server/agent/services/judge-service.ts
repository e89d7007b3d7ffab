import { HEALTH_STATES, type HealthState } from "../health/schema.ts";
import { LEAST_FAILED, LEAST_REQUESTS } from "../kernel/failed-share.ts";
import { groupedCount, threeDigits } from "../kernel/numbers.ts";
import type { Limits } from "../kernel/service-limits.ts";
import type { QuantileBounds } from "../ports/metrics-source.ts";
import type { StatusReason, UnjudgedFigure } from "./schema.ts";

/** What users met in one window. */
export interface ServedFigures {
  requests: number;
  failed: number;
  p95Ms: number | null;
  /** of the histogram's bucket in which it lies, in ms; absent where it is known better than that */
  p95Bounds?: QuantileBounds | null;
}

export interface StatusFacts {
  /** what the check of the service found; null when nobody checks it */
  probe: { state: HealthState; message: string | null } | null;
  /** the last five minutes; null when nobody counted */
  window: ServedFigures | null;
  /** the newest minute of them: what is over is over */
  newest: ServedFigures | null;
  /** when the newest requests before the window were made, in ms since 1970, where that is known */
  lastRequestsMs?: number | null;
  /** why nothing that carries its requests serves, as a platform that does not answer; null when something does */
  platform: string | null;
  /** "2.5.0 waits for a decision", or null */
  waiting: string | null;
}

export interface ServiceStatus {
  state: HealthState;
  /** worst first; empty when nothing is wrong */
  reasons: StatusReason[];
  /** figures beyond a limit that make no state all the same, and why */
  unjudged: UnjudgedFigure[];
}

/** length of `window`, in words */
const WINDOW_WORDS = "5 min";
/** a twentieth of fewer is no request at all */
const LEAST_FOR_P95 = 20;
/** the buckets of client libraries are at most this many times as high as the one before */
const WIDEST_BUCKET = 5;

const severity = (state: HealthState): number => HEALTH_STATES.indexOf(state);
const worstOf = (states: readonly HealthState[]): HealthState =>
  states.reduce((worst, state) => (severity(state) > severity(worst) ? state : worst));
const mildestOf = (states: readonly HealthState[]): HealthState =>
  states.reduce((mildest, state) => (severity(state) < severity(mildest) ? state : mildest));

/** "0.4", "12", "91": never 0 or 100 unless it is exactly that. */
const share = (part: number, whole: number): string => {
  const percent = (part / whole) * 100;
  if (percent >= 10 && percent < 99.5) return percent.toFixed(0);
  return (Math.floor(percent * 10) / 10).toString();
};

function errorLevel({ requests, failed }: ServedFigures, limits: Limits): HealthState {
  const percent = requests === 0 ? 0 : (failed / requests) * 100;
  if (percent >= limits.failingPercent && failed > 0) return "failing";
  return percent >= limits.errorRatePercent && failed > 0 ? "degraded" : "up";
}

/** Bounds so far apart, or with nothing below, tell no figure: a service of 20 ms would have a p95 of "4 750 ms". */
const isCoarse = ({ lower, upper }: QuantileBounds): boolean =>
  upper === null || lower === null || lower <= 0 || upper > WIDEST_BUCKET * lower;

/** Of a coarse bucket only its bounds are known: a limit between them can be kept or not. */
function latencyLevel({ p95Ms, p95Bounds }: ServedFigures, { latencyP95Ms }: Limits): HealthState {
  if (p95Bounds && isCoarse(p95Bounds)) {
    if ((p95Bounds.upper ?? Number.POSITIVE_INFINITY) <= latencyP95Ms) return "up";
    return (p95Bounds.lower ?? 0) >= latencyP95Ms ? "degraded" : "unknown";
  }
  return p95Ms !== null && p95Ms > latencyP95Ms ? "degraded" : "up";
}

/** The p95 as a figure to show; null where a coarse bucket tells too little of it. */
export const shownP95 = ({ p95Ms, p95Bounds }: ServedFigures, { latencyP95Ms }: Limits): number | null =>
  p95Bounds && isCoarse(p95Bounds) && (p95Bounds.upper ?? Number.POSITIVE_INFINITY) > latencyP95Ms ? null : p95Ms;

const inUnits = (ms: number): string => (ms < 1_000 ? `${groupedCount(ms)} ms` : `${threeDigits(ms / 1_000)} s`);

function latencyWords({ p95Ms, p95Bounds }: ServedFigures): string {
  if (!p95Bounds || !isCoarse(p95Bounds)) return `p95 ${groupedCount(p95Ms ?? 0)} ms`;
  const { lower, upper } = p95Bounds;
  if (upper === null) return `p95 is above ${inUnits(lower ?? 0)}`;
  if (lower === null || lower <= 0) return `p95 is at most ${inUnits(upper)}`;
  return `p95 is between ${inUnits(lower)} and ${inUnits(upper)}`;
}

/** Whether these requests alone were beyond a limit. */
export const isBeyond = (figures: ServedFigures, limits: Limits): boolean =>
  errorLevel(figures, limits) !== "up" || latencyLevel(figures, limits) === "degraded";

/**
 * Both windows must agree, as alerts on two windows do: the long one for weight, the newest for "still".
 * Source: https://sre.google/workbook/alerting-on-slos/#6-multiwindow-multi-burn-rate-alerts
 */
function levelOver(
  facts: StatusFacts & { window: ServedFigures },
  limits: Limits,
  least: number,
  of: (figures: ServedFigures, limits: Limits) => HealthState,
): HealthState {
  const { window, newest } = facts;
  if (window.requests < least) return "up";
  return mildestOf([window, ...(newest && newest.requests >= least ? [newest] : [])].map((one) => of(one, limits)));
}

function figureReasons(facts: StatusFacts, limits: Limits): StatusReason[] {
  const { window } = facts;
  if (!window) return [];
  const known = { ...facts, window };
  const base = `${groupedCount(window.requests)} requests`;
  const reasons: StatusReason[] = [];
  const errors = window.failed >= LEAST_FAILED ? levelOver(known, limits, LEAST_REQUESTS, errorLevel) : "up";
  if (errors !== "up")
    reasons.push({
      kind: "errors",
      state: errors,
      message: `${share(window.failed, window.requests)} % of ${base} failed in ${WINDOW_WORDS}`,
    });
  const latency = levelOver(known, limits, LEAST_FOR_P95, latencyLevel);
  if (latency === "degraded")
    reasons.push({
      kind: "latency",
      state: latency,
      message: `${latencyWords(window)} over ${base} in ${WINDOW_WORDS}, limit ${groupedCount(limits.latencyP95Ms)} ms`,
    });
  else if (latency === "unknown") {
    const untold = [window, facts.newest].find((one) => one && latencyLevel(one, limits) === "unknown") ?? window;
    reasons.push({
      kind: "latency",
      state: latency,
      message: `${latencyWords(untold)}; buckets too coarse for the limit of ${groupedCount(limits.latencyP95Ms)} ms`,
    });
  }
  return reasons;
}

function silenceWords({ lastRequestsMs = null }: StatusFacts): string {
  if (lastRequestsMs === null) return `no requests were told of in ${WINDOW_WORDS}`;
  return `no requests in ${WINDOW_WORDS}, last ones at ${new Date(lastRequestsMs).toISOString().slice(11, 16)} UTC`;
}

const OVER = "over by now: the newest minute is within the limit";

/** Figures of the window that are beyond a limit although no state follows from them: a row must not contradict itself. */
function unjudgedFigures({ window }: StatusFacts, reasons: readonly StatusReason[], limits: Limits): UnjudgedFigure[] {
  if (!window) return [];
  const judged = new Set(reasons.map(({ kind }) => kind));
  const few = `${groupedCount(window.requests)} ${window.requests === 1 ? "request is" : "requests are"} too few to judge by`;
  const unjudged: UnjudgedFigure[] = [];
  if (!judged.has("errors") && errorLevel(window, limits) !== "up") {
    const tooFew = window.requests < LEAST_REQUESTS || window.failed < LEAST_FAILED;
    const failed = `${groupedCount(window.failed)} failed of ${groupedCount(window.requests)} are too few to judge by`;
    unjudged.push({ kind: "errors", message: tooFew ? failed : OVER });
  }
  if (!judged.has("latency") && latencyLevel(window, limits) === "degraded")
    unjudged.push({ kind: "latency", message: window.requests < LEAST_FOR_P95 ? few : OVER });
  return unjudged;
}

/** What nobody checks and nobody counted is unknown; maintenance covers what users meet, as it was announced. */
function baseOf({ probe, window }: StatusFacts): HealthState {
  if (probe) return probe.state;
  return window && window.requests > 0 ? "up" : "unknown";
}

/**
 * The status of a service: the worst of its check, its users' errors and latency against their limits, and what waits
 * for a person, each with its number and its base. The one function behind every status that is shown. Pure.
 */
export function judgeService(facts: StatusFacts, limits: Limits): ServiceStatus {
  const base = baseOf(facts);
  const reasons: StatusReason[] = base === "maintenance" ? [] : figureReasons(facts, limits);
  const unjudged = base === "maintenance" ? [] : unjudgedFigures(facts, reasons, limits);
  if (facts.platform !== null && base !== "maintenance")
    reasons.push({ kind: "platform", state: "down", message: facts.platform });
  if (facts.probe && base !== "up")
    reasons.push({ kind: "probe", state: base, message: facts.probe.message ?? `its check says ${base}` });
  if (!facts.probe && base === "unknown")
    reasons.push({ kind: "data", state: "unknown", message: silenceWords(facts) });
  if (facts.waiting !== null) reasons.push({ kind: "decision", state: "waiting", message: facts.waiting });
  reasons.sort((a, b) => severity(b.state) - severity(a.state));
  return { state: worstOf([base, ...reasons.map((reason) => reason.state)]), reasons, unjudged };
}

/** The state of several: the worst of them; unknown for none. */
export const worstState = (states: readonly HealthState[]): HealthState =>
  states.length === 0 ? "unknown" : worstOf(states);
