import type { z } from "zod";
import { describeSeconds } from "../../text/durations.ts";
import { STEP_TRAITS } from "../words.ts";
import type { PlanView } from "./plan-schema.ts";
import { warningsOf } from "./plan-warnings.ts";
import { effectiveStrategy, type Planned, type Situation, waitForRequests } from "./planned.ts";
import type { StepPlan } from "./planned-steps.ts";

/** What somebody agrees to before a deployment starts, in words. Pure. */

type Plan = z.infer<typeof PlanView>;

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

export function planView(planned: Planned, situation: Situation): Plan {
  const steps = planned.steps.map((step) => ({ title: step.title, seconds: secondsOf(step, planned, situation) }));
  const longest = planned.options.rules.analysis.maxWaitSeconds;
  const expectedSeconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  return {
    summary: summaryOf(planned, situation),
    strategy: effectiveStrategy(planned),
    steps,
    expectedSeconds,
    asksPeople: planned.steps.some(
      (step) => STEP_TRAITS[step.kind].waitsForRequests && waitOf(step, planned, situation) > longest,
    ),
    openConnections: openConnections(planned, situation),
    judged: judged(planned),
    onFailure: onFailure(planned),
    undo: undo(planned),
    affects: situation.affects,
    warnings: warningsOf(planned, situation, expectedSeconds),
  };
}

function summaryOf({ service, environment, version, options, previousVersion }: Planned, { instances }: Situation) {
  const from =
    instances === 0 ? "nothing" : `${count(instances, "instance")}${previousVersion ? ` of ${previousVersion}` : ""}`;
  return `${service} in ${environment}: from ${from} to ${count(options.instances, "instance")} of ${version}.`;
}

/** An analysis lasts until there are requests enough, at the rate of the last minutes, or until a person is asked. */
function secondsOf(step: StepPlan, planned: Planned, situation: Situation): number {
  if (!STEP_TRAITS[step.kind].waitsForRequests) return step.seconds;
  const wait = waitOf(step, planned, situation);
  return Math.max(step.seconds, Math.min(Math.ceil(wait), planned.options.rules.analysis.maxWaitSeconds));
}

const waitOf = (step: StepPlan, planned: Planned, { requestsPerSecond }: Situation): number =>
  waitForRequests(planned.options.rules, shareAt(planned, step), requestsPerSecond);

/** Percent of the requests the new version has when a step runs. */
function shareAt({ steps }: Planned, step: StepPlan): number {
  const before = steps.slice(0, steps.indexOf(step) + 1);
  return before.findLast((one) => one.weight !== null)?.weight ?? 100;
}

/** How many there will be is not known before, so the expected time is without them. */
function openConnections({ steps, previousVersion, options }: Planned, { instances }: Situation): string | null {
  if (previousVersion === null || instances === 0) return null;
  const upTo = `Open connections, as WebSockets, may add up to ${describeSeconds(options.rules.drainSeconds)}`;
  if (!steps.some((step) => STEP_TRAITS[step.kind].stopsBaseline === "one by one"))
    return `${upTo} before ${previousVersion} is stopped.`;
  return instances === 1 ? `${upTo}.` : `${upTo} for each instance that is stopped.`;
}

/** A rolling deployment succeeds as soon as its instances are ready, whatever they answer: that is said before. */
function judged(planned: Planned): string | null {
  const { kind, version, previousVersion, options, steps } = planned;
  if (kind !== "deploy") return null;
  if (previousVersion === null)
    return `Nothing runs that ${version} could be compared with: it only has to become ready.`;
  const { watchSeconds } = options.rules;
  const during = steps.some((step) => STEP_TRAITS[step.kind].compares)
    ? `Compared with ${previousVersion} on the way`
    : "Not while it is carried out: instances only have to become ready, whatever they answer";
  if (watchSeconds === 0) return `${during}. The watch afterwards is off.`;
  const then = options.rollbackOnFailure ? "it is rolled back" : "somebody is asked";
  return `${during}. Afterwards it is watched for ${describeSeconds(watchSeconds)}: its requests are compared with those to ${previousVersion} before, and when two comparisons in a row fail ${then}.`;
}

function onFailure(planned: Planned): string {
  const { version, previousVersion, options } = planned;
  if (previousVersion === null)
    return "It stops there, keeps what serves and opens an incident. Nothing else runs that it could go back to.";
  if (!options.rollbackOnFailure)
    return `Requests go back to ${previousVersion} and it waits ${describeSeconds(options.rules.decisionTimeoutSeconds)} for somebody to promote, retry, roll back or abort. Without a decision it rolls back. An incident is opened.`;
  if (effectiveStrategy(planned) === "rolling")
    return `It rolls back by itself: ${previousVersion} is started again where it is missing, then ${version} is stopped. An incident is opened.`;
  return `It rolls back by itself: all requests go to ${previousVersion} at once, what is missing of it is started again, then ${version} is stopped. An incident is opened.`;
}

function undo({ previousVersion, environment }: Planned): string {
  if (previousVersion === null) return "There is no version before it. Deploy another version.";
  return `While it runs: abort it, and ${previousVersion} serves everything again. Afterwards: roll ${environment} back to ${previousVersion}.`;
}
