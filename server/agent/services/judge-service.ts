import { wilson } from "../deploy/index.ts";
import type { HealthState } from "../health/schema.ts";
import { HEALTH_STATES } from "../health/words.ts";
import type { QuantileBase } from "../kernel/waits.ts";
import type { QuantileBounds } from "../ports/metrics-source.ts";
import { LEAST_FAILED, LEAST_REQUESTS } from "../telemetry/failed-share.ts";
import type { LateRequests } from "../telemetry/late-requests.ts";
import type { Limits } from "../telemetry/service-limits.ts";
import { groupedCount, threeDigits } from "../text/numbers.ts";
import { utcMinute } from "../text/utc.ts";
import type { StatusReason, UnjudgedFigure } from "./schema.ts";

/** What users met in one window. */
export interface ServedFigures {
  requests: number;
  failed: number;
  p95Ms: number | null;
  /** what the p95 is of, where that is not all of the requests */
  p95Base?: QuantileBase;
  /** of the histogram's bucket in which it lies, in ms; absent where it is known better than that */
  p95Bounds?: QuantileBounds | null;
}

export interface StatusFacts {
  /** what the check of the service found; null when nobody checks it */
  probe: { state: HealthState; message: string | null } | null;
  /** the last five minutes; null when nobody counted */
  window: ServedFigures | null;
  /** the newest seconds of them: what is over is over, and what begins is not small for being new */
  newest: ServedFigures | null;
  /** length of `newest`; a minute where it is left out */
  newestSeconds?: number;
  /** when the newest requests before the window were made, in ms since 1970, where that is known */
  lastRequestsMs?: number | null;
  /** those that hang now, which neither window counts */
  late?: LateRequests | null;
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
/** of so many, five are slow: fewer in the newest seconds alone begin no state */
const LEAST_FOR_NEW_P95 = 100;
/** of a one-sided interval of 99.5 %: a status is asked for often */
const Z = 2.576;
/** shares this many times apart are both said */
const APART = 2;
/** how much of what the status is judged over is still now, s */
export const NEWEST_SECONDS = 60;
/** … where requests are many enough */
const NEWEST_BUSY_SECONDS = 30;
/** the buckets of client libraries are at most this many times as high as the one before */
const WIDEST_BUCKET = 5;

/** The shortest of the newest times that has enough requests to be judged by; `within` counts those of so many seconds. */
export function newestServed<T extends ServedFigures | null>(
  within: (seconds: number) => T,
): { newest: T; newestSeconds: number } {
  const busy = within(NEWEST_BUSY_SECONDS);
  return busy && busy.requests >= LEAST_FOR_P95
    ? { newest: busy, newestSeconds: NEWEST_BUSY_SECONDS }
    : { newest: within(NEWEST_SECONDS), newestSeconds: NEWEST_SECONDS };
}

const severity = (state: HealthState): number => HEALTH_STATES.indexOf(state);
export const worstOf = (states: readonly HealthState[]): HealthState =>
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

function latencyWords({ p95Ms, p95Base, p95Bounds }: ServedFigures): string {
  const least = p95Base?.isLeast ? "at least " : "";
  if (!p95Bounds || !isCoarse(p95Bounds)) return `p95 ${least}${groupedCount(p95Ms ?? 0)} ms`;
  const { lower, upper } = p95Bounds;
  if (upper === null) return `p95 is above ${inUnits(lower ?? 0)}`;
  if (lower === null || lower <= 0) return `p95 is at most ${inUnits(upper)}`;
  return `p95 is between ${inUnits(lower)} and ${inUnits(upper)}`;
}

/** How many requests the p95 is of. */
const timedOf = ({ requests, p95Base }: ServedFigures): number => p95Base?.requests ?? requests;

/** "522 requests in 5 min", and how many of them nobody waited for to the end. */
function latencyBase(figures: ServedFigures, over: string): string {
  const count = timedOf(figures);
  const gaveUp = figures.p95Base?.gaveUp ?? 0;
  const clients = gaveUp === 0 ? "" : `, of which clients gave up ${groupedCount(gaveUp)}`;
  return `${groupedCount(count)} request${count === 1 ? "" : "s"}${over}${clients}`;
}

/** Whether these requests alone were beyond a limit. */
export const isBeyond = (figures: ServedFigures, limits: Limits): boolean =>
  errorLevel(figures, limits) !== "up" || latencyLevel(figures, limits) === "degraded";

type Windows = Pick<StatusFacts, "newest"> & { window: ServedFigures };

interface Weight {
  /** how many requests of a window a level is of, and how few are too few */
  count: (figures: ServedFigures) => number;
  least: number;
  /** what the newest alone surely make of a service */
  began: (newest: ServedFigures) => HealthState;
}

/** What the share is at least, as Wilson's interval says: a burst of chance among few requests begins no state. */
function surely({ requests, failed, ...others }: ServedFigures): ServedFigures {
  if (requests < LEAST_REQUESTS || failed < LEAST_FAILED) return { ...others, requests, failed: 0 };
  return { ...others, requests, failed: wilson(failed, requests, Z)[0] * requests };
}

/**
 * Both windows together say that it goes on: the long one for weight, the newest for "still". The newest alone, where it
 * is worse than the long one, says that it began, if it is more than chance.
 * Source: https://sre.google/workbook/alerting-on-slos/#6-multiwindow-multi-burn-rate-alerts
 */
function levelOver(
  { window, newest }: Windows,
  of: (figures: ServedFigures) => HealthState,
  { count, least, began }: Weight,
): HealthState {
  if (count(window) < least) return "up";
  if (!newest || count(newest) < least) return of(window);
  return worstOf([mildestOf([of(window), of(newest)]), began(newest)]);
}

const errorWeight = (limits: Limits): Weight => ({
  count: ({ requests }) => requests,
  least: LEAST_REQUESTS,
  began: (newest) => errorLevel(surely(newest), limits),
});

const latencyWeight = (limits: Limits): Weight => ({
  count: timedOf,
  least: LEAST_FOR_P95,
  began: (newest) =>
    timedOf(newest) >= LEAST_FOR_NEW_P95 && latencyLevel(newest, limits) === "degraded" ? "degraded" : "up",
});

/** What errors make of a service; pure, so that it can be asked of any time. */
const errorsOver = (windows: Windows, limits: Limits): HealthState =>
  windows.window.failed < LEAST_FAILED
    ? "up"
    : levelOver(windows, (figures) => errorLevel(figures, limits), errorWeight(limits));

/** What latency makes of a service; unknown where buckets are too coarse to tell. */
const latencyOver = (windows: Windows, limits: Limits): HealthState =>
  levelOver(windows, (figures) => latencyLevel(figures, limits), latencyWeight(limits));

/** What requests make of a service. */
export const requestState = (windows: Windows, limits: Limits): HealthState =>
  worstOf([
    "up",
    ...[errorsOver(windows, limits), latencyOver(windows, limits)].filter((level) => level !== "unknown"),
  ]);

/**
 * The newest requests, where they alone tell the state: they are much better or surely much worse than the five minutes,
 * whose figure would be that of an outage that is over or not yet that of the one that began.
 */
function decidedByNewest(
  { window, newest }: Windows,
  state: HealthState,
  figure: (figures: ServedFigures) => number,
  { count, least, began }: Weight,
): ServedFigures | null {
  if (!newest || count(newest) < least) return null;
  const [now, long] = [figure(newest), figure(window)];
  if (long >= APART * now) return newest;
  return now >= APART * long && severity(began(newest)) >= severity(state) ? newest : null;
}

/** "91 % of 1,240 requests failed in 5 min", of the window that tells the state. */
function errorWords(facts: StatusFacts & Windows, state: HealthState, limits: Limits): string {
  const { window, newestSeconds = NEWEST_SECONDS } = facts;
  const words = ({ failed, requests }: ServedFigures, seconds: string) =>
    `${share(failed, requests)} % of ${groupedCount(requests)} requests failed in ${seconds}`;
  const newest = decidedByNewest(facts, state, ({ failed, requests }) => failed / requests, errorWeight(limits));
  return newest ? `now ${words(newest, `${newestSeconds} s`)}` : words(window, WINDOW_WORDS);
}

/** As `errorWords`, of latency. */
function slowWords(facts: StatusFacts & Windows, limits: Limits): string {
  const { window, newestSeconds = NEWEST_SECONDS } = facts;
  const words = (figures: ServedFigures, seconds: string) =>
    `${latencyWords(figures)} over ${latencyBase(figures, ` in ${seconds}`)}, limit ${groupedCount(limits.latencyP95Ms)} ms`;
  const isNew = facts.newest !== null && latencyLevel(window, limits) === "up";
  const newest = isNew
    ? facts.newest
    : decidedByNewest(facts, "degraded", ({ p95Ms }) => p95Ms ?? 0, latencyWeight(limits));
  return newest ? `now ${words(newest, `${newestSeconds} s`)}` : words(window, WINDOW_WORDS);
}

function figureReasons(facts: StatusFacts, limits: Limits): StatusReason[] {
  const { window } = facts;
  if (!window) return [];
  const known = { ...facts, window };
  const reasons: StatusReason[] = [];
  const errors = errorsOver(known, limits);
  if (errors !== "up")
    reasons.push({
      kind: "errors",
      state: errors,
      message: errorWords(known, errors, limits),
    });
  const latency = latencyOver(known, limits);
  if (latency === "degraded")
    reasons.push({
      kind: "latency",
      state: latency,
      message: slowWords(known, limits),
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

/** Of now alone: who waits is not yet over. */
function lateReasons({ late }: StatusFacts): StatusReason[] {
  if (!late) return [];
  const { count, limitMs, isAll } = late;
  const message = `${groupedCount(count)} requests wait for longer than ${inUnits(limitMs)}`;
  const state = isAll ? "failing" : "degraded";
  return [{ kind: "late", state, message: isAll ? `${message}, and none was answered in the last minute` : message }];
}

function silenceWords({ lastRequestsMs = null }: StatusFacts): string {
  if (lastRequestsMs === null) return `no requests were told of in ${WINDOW_WORDS}`;
  return `no requests in ${WINDOW_WORDS}, last ones at ${utcMinute(new Date(lastRequestsMs))}`;
}

/** Figures of the window that are beyond a limit although no state follows from them: a row must not contradict itself. */
function unjudgedFigures(facts: StatusFacts, reasons: readonly StatusReason[], limits: Limits): UnjudgedFigure[] {
  const { window, newest, newestSeconds = NEWEST_SECONDS } = facts;
  if (!window) return [];
  const judged = new Set(reasons.map(({ kind }) => kind));
  const unjudged: UnjudgedFigure[] = [];
  const note = (kind: UnjudgedFigure["kind"], isFew: boolean, figure: string, over: string) =>
    unjudged.push({ kind, why: isFew ? "few" : "over", message: isFew ? `${figure}, too few to judge by` : over });
  const recovered = (now: string, before: string) =>
    `recovered: ${now} in the last ${newestSeconds} s; ${before} over ${WINDOW_WORDS}`;
  const { requests, failed } = window;
  if (!judged.has("errors") && errorLevel(window, limits) !== "up")
    note(
      "errors",
      requests < LEAST_REQUESTS || failed < LEAST_FAILED,
      `${groupedCount(failed)} of ${groupedCount(requests)} failed`,
      recovered(
        `${groupedCount(newest?.failed ?? 0)} of ${groupedCount(newest?.requests ?? 0)} failed`,
        `${share(failed, requests)} %`,
      ),
    );
  if (!judged.has("latency") && latencyLevel(window, limits) === "degraded") {
    note(
      "latency",
      timedOf(window) < LEAST_FOR_P95,
      `${latencyWords(window)} of ${latencyBase(window, "")}`,
      recovered(latencyWords(newest ?? window), latencyWords(window)),
    );
  }
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
  const reasons: StatusReason[] =
    base === "maintenance" ? [] : [...figureReasons(facts, limits), ...lateReasons(facts)];
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
