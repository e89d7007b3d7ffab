import type { AnalysisRules } from "../config.ts";
import type { Judgement } from "../run/procedure.ts";

/** What an analysis does next. Limits as of Argo Rollouts' AnalysisRun (failureLimit, inconclusiveLimit, consecutiveErrorLimit). */
export type AnalysisAction =
  | { do: "judge" }
  | { do: "wait"; ms: number }
  | { do: "pass"; judgement: Passed }
  | { do: "fail"; judgement: Failed }
  | { do: "ask"; reason: string }
  /** of a hold: its time is up, the new version had too few requests, and the rules say that it goes on all the same */
  | { do: "goOn"; judgement: Few; allowedBy: "analysis.fewRequests" };

/** Only a judgement that says so passes, fails, or may be let go on: what is merely inconclusive is none of them. */
export type Passed = Judgement & { verdict: "pass" };
export type Failed = Judgement & { verdict: "fail" };
export type Few = Judgement & { verdict: "inconclusive" };

interface Progress {
  /** milliseconds, by the clock that the judgements' times are of */
  startedAt: number;
  at: number;
  /** of a hold: it lasts so long, and only a failure ends it before */
  holdSeconds?: number | undefined;
}

type Limits = Pick<
  AnalysisRules,
  | "failureLimit"
  | "inconclusiveLimit"
  | "consecutiveErrorLimit"
  | "minSeconds"
  | "maxWaitSeconds"
  | "intervalSeconds"
  | "minRequests"
> &
  /** deployments of former releases were begun without it */
  Partial<Pick<AnalysisRules, "fewRequests">>;

/**
 * The one next thing to do, from what was judged so far. Too little traffic counts towards no limit: it is waited for,
 * at most `maxWaitSeconds`, and then a person is asked. Nothing passes without a verdict that says so: a hold in doubt ends
 * in a question, and so does one in which the new version had too few requests, unless the rules let it go on.
 */
export function nextAnalysisAction(
  judgements: readonly Judgement[],
  rules: Limits,
  { startedAt, at, holdSeconds }: Progress,
): AnalysisAction {
  const elapsed = (at - startedAt) / 1_000;
  const last = judgements.at(-1) ?? null;
  const failures = judgements.filter((one): one is Failed => one.verdict === "fail");
  const worst = failures.at(-1);
  if (worst && failures.length > rules.failureLimit) return { do: "fail", judgement: worst };

  const isHold = holdSeconds !== undefined;
  if (!isHold) {
    const errors = errorsInARow(judgements);
    if (last && errors > rules.consecutiveErrorLimit) return notMade(errors, last);
    const unsure = judgements.filter((one) => one.verdict === "inconclusive" && !one.tooLittle);
    if (last && unsure.length > rules.inconclusiveLimit)
      return { do: "ask", reason: `${unsure.length} comparisons could not decide: ${last.sentence}` };
    if (last && hasPassed(last) && elapsed >= rules.minSeconds) return { do: "pass", judgement: last };
    if (elapsed >= Math.max(rules.maxWaitSeconds, rules.minSeconds))
      return {
        do: "ask",
        reason: last
          ? `Not decided in ${waited(elapsed)}: ${last.sentence}`
          : `Nothing to compare in ${waited(elapsed)}`,
      };
  } else if (elapsed >= holdSeconds) {
    return endOfHold(judgements, rules, { startedAt, at, holdSeconds });
  }

  const lastAt = last?.at ?? startedAt;
  const firstMs = Math.min(rules.intervalSeconds, rules.minSeconds) * 1_000;
  const dueAt = last ? lastAt + rules.intervalSeconds * 1_000 : startedAt + firstMs;
  if (at >= dueAt) return { do: "judge" };
  const endAt = startedAt + (holdSeconds ?? rules.maxWaitSeconds) * 1_000;
  return { do: "wait", ms: Math.max(100, Math.min(dueAt, endAt) - at) };
}

const errorsInARow = (judgements: readonly Judgement[]): number =>
  judgements.length - 1 - judgements.findLastIndex((one) => one.verdict !== "error");

const notMade = (errors: number, last: Judgement): AnalysisAction => ({
  do: "ask",
  reason: `${errors} comparisons in a row could not be made: ${last.sentence}`,
});

function endOfHold(
  judgements: readonly Judgement[],
  rules: Limits,
  { startedAt, at, holdSeconds }: Progress & { holdSeconds: number },
): AnalysisAction {
  const [last, everyMs, time] = [judgements.at(-1), rules.intervalSeconds * 1_000, waited(holdSeconds)];
  // nobody looked for a while, as when no worker ran: once more, whatever it brings
  const endAt = startedAt + holdSeconds * 1_000;
  if (!last || (last.at < endAt && at - last.at > longestGapMs(rules, everyMs))) return { do: "judge" };
  const held = lastPass(judgements, rules, everyMs);
  if (held) return { do: "pass", judgement: held };
  const errors = errorsInARow(judgements);
  if (errors > rules.consecutiveErrorLimit) return notMade(errors, last);
  const doubt = judgements.findLast((one) => !isFew(one));
  const few = judgements.findLast(isFew);
  if (few && rules.fewRequests !== "ask" && (!doubt || hasPassed(doubt)))
    return { do: "goOn", judgement: few, allowedBy: "analysis.fewRequests" };
  const why = doubt && !hasPassed(doubt) ? doubt : (few ?? last);
  return { do: "ask", reason: `Not decided in ${time}: ${why.sentence}` };
}

type ErrorLimit = Pick<Limits, "consecutiveErrorLimit">;

/** Without a word for longer than this too many comparisons are missing, whether or not they were tried. */
const longestGapMs = ({ consecutiveErrorLimit }: ErrorLimit, everyMs: number) => (consecutiveErrorLimit + 1) * everyMs;

/**
 * What a time of watching came to: the newest comparison that could tell anything, when it says that all is well and
 * no more than `consecutiveErrorLimit` that told nothing came after it. What was seen long before the end says nothing
 * about it. `everyMs`: between two comparisons.
 */
export function lastPass(judgements: readonly Judgement[], limits: ErrorLimit, everyMs: number): Passed | null {
  const index = judgements.findLastIndex((one) => one.verdict !== "error" && !isFew(one));
  const [newest, last] = [judgements[index], judgements.at(-1)];
  if (newest === undefined || last === undefined || !hasPassed(newest)) return null;
  const isRecent =
    judgements.length - 1 - index <= limits.consecutiveErrorLimit &&
    last.at - newest.at <= longestGapMs(limits, everyMs);
  return isRecent ? newest : null;
}

const hasPassed = (one: Judgement): one is Passed => one.verdict === "pass";

const isFew = (one: Judgement): one is Few => one.verdict === "inconclusive" && (one.fewRequests ?? one.tooLittle);

const waited = (seconds: number): string =>
  seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
