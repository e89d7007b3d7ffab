import type { z } from "zod";
import type { RolloutRules } from "../config-deployment.ts";
import { describeSeconds } from "../kernel/durations.ts";
import type { Freeze } from "./freeze.ts";
import type { PlanView } from "./schema.ts";
import type { StepPlan } from "./steps.ts";
import type { DeploymentRow } from "./store.ts";

/** What somebody agrees to before a deployment starts, in words. Pure. */

type Plan = z.infer<typeof PlanView>;

/** A deployment as it would be made. */
export interface Planned extends Pick<DeploymentRow, "service" | "environment" | "kind" | "version" | "options"> {
  /** as asked for */
  strategy: DeploymentRow["strategy"];
  previousVersion: string | null;
  steps: readonly StepPlan[];
}

/** What is known of the moment it would begin at. */
export interface Situation {
  at: Date;
  instances: number;
  ready: number;
  /** of the last minutes, to the whole service; null: not known */
  requestsPerSecond: number | null;
  /** services that depend on it, directly or through others */
  affects: string[];
  nextFreeze: Freeze | null;
  /** what an administrator sets aside, in words */
  overridden: string[];
  /** of the policy: worth knowing, no reason to refuse */
  notes: string[];
}

/** A freeze that begins so soon after the end is worth a word. */
const FREEZE_NEAR_MS = 3_600_000;

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

/** The strategy that its steps are really of: without a version before it every one comes down to rolling. */
export const carriedOut = ({ strategy, previousVersion }: Pick<Planned, "strategy" | "previousVersion">) =>
  previousVersion === null ? "rolling" : strategy;

export function planView(planned: Planned, situation: Situation): Plan {
  const steps = planned.steps.map((step) => ({ title: step.title, seconds: secondsOf(step, planned, situation) }));
  const expectedSeconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  return {
    summary: summaryOf(planned, situation),
    strategy: carriedOut(planned),
    steps,
    expectedSeconds,
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
  if (step.kind !== "analysis") return step.seconds;
  const wait = waitForRequests(planned.options.rules, shareAt(planned, step), situation.requestsPerSecond);
  return Math.max(step.seconds, Math.min(Math.ceil(wait), planned.options.rules.analysis.maxWaitSeconds));
}

/** Percent of the requests the new version has when a step runs. */
function shareAt({ steps }: Planned, step: StepPlan): number {
  const before = steps.slice(0, steps.indexOf(step) + 1);
  return before.findLast((one) => one.weight !== null)?.weight ?? 100;
}

/** Seconds until the new version was asked often enough to be judged; 0 while the rate is not known. */
function waitForRequests({ analysis }: RolloutRules, share: number, perSecond: number | null): number {
  if (perSecond === null) return 0;
  const own = (perSecond * share) / 100;
  return own === 0 ? Number.POSITIVE_INFINITY : analysis.minRequests / own;
}

function onFailure(planned: Planned): string {
  const { version, previousVersion, options } = planned;
  if (previousVersion === null)
    return "It stops there, keeps what serves and opens an incident. Nothing else runs that it could go back to.";
  if (!options.rollbackOnFailure)
    return `Requests go back to ${previousVersion} and it waits ${describeSeconds(options.rules.decisionTimeoutSeconds)} for somebody to promote, retry, roll back or abort. Without a decision it rolls back. An incident is opened.`;
  if (carriedOut(planned) === "rolling")
    return `It rolls back by itself: ${previousVersion} is started again where it is missing, then ${version} is stopped. An incident is opened.`;
  return `It rolls back by itself: all requests go to ${previousVersion} at once, what is missing of it is started again, then ${version} is stopped. An incident is opened.`;
}

function undo({ previousVersion, environment }: Planned): string {
  if (previousVersion === null) return "There is no version before it. Deploy another version.";
  return `While it runs: abort it, and ${previousVersion} serves everything again. Afterwards: roll ${environment} back to ${previousVersion}.`;
}

function warningsOf(planned: Planned, situation: Situation, expectedSeconds: number): string[] {
  const { strategy, previousVersion, options } = planned;
  const { rules } = options;
  const { ready, instances, nextFreeze, at } = situation;
  const real = carriedOut(planned);
  const found = situation.overridden.map((what) => `Set aside by you: ${what}`);
  found.push(...situation.notes);
  if (previousVersion === null && strategy !== "rolling")
    found.push(`Nothing else runs that it could be compared with or return to: ${strategy} comes down to rolling.`);
  if (ready < instances) found.push(`${instances - ready} of ${count(instances, "instance")} are not ready now.`);
  if (planned.steps.some((step) => step.kind === "analysis")) found.push(...judgeWarnings(planned, situation));
  if (real === "canary" && rules.canary.sticky)
    found.push(
      `Callers stay with the version they are given (${rules.canary.sticky.by} ${rules.canary.sticky.name}), so the shares are reached only as new callers come.`,
    );
  if (!options.rollbackOnFailure && previousVersion !== null)
    found.push("Rollback on failure is off: somebody has to be there to decide.");
  const endMs = at.getTime() + expectedSeconds * 1_000;
  if (planned.kind === "deploy" && nextFreeze && nextFreeze.from.getTime() <= endMs + FREEZE_NEAR_MS)
    found.push(
      `The freeze window ${nextFreeze.name} begins in ${describeSeconds((nextFreeze.from.getTime() - at.getTime()) / 1_000)}. What runs goes on; a fix would have to wait until ${utc(nextFreeze.until)}.`,
    );
  const hooks = planned.steps.filter((step) => step.kind === "hook").length;
  if (hooks > 0) found.push(`It runs ${count(hooks, "hook")}: ${hookNames(rules)}. One that refuses stops it.`);
  return found;
}

function judgeWarnings(planned: Planned, { requestsPerSecond }: Situation): string[] {
  const { analysis } = planned.options.rules;
  const limit = describeSeconds(analysis.maxWaitSeconds);
  if (requestsPerSecond === null)
    return ["How many requests come in is not known: the judge may have too little to compare, and would ask you."];
  if (requestsPerSecond === 0)
    return [
      `No requests in the last minutes: the judge will have nothing to compare and will ask you after ${limit} of each step.`,
    ];
  const first = planned.steps.find((step) => step.weight !== null)?.weight ?? 100;
  const wait = waitForRequests(planned.options.rules, first, requestsPerSecond);
  if (wait <= analysis.minSeconds) return [];
  const text = `At ${rate(requestsPerSecond)} requests a second, ${first} % of them reach ${analysis.minRequests} only after ${describeSeconds(wait)}`;
  return [wait > analysis.maxWaitSeconds ? `${text}; after ${limit} the judge asks you.` : `${text}.`];
}

const rate = (perSecond: number) => (perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(perSecond < 1 ? 2 : 1));

const hookNames = ({ hooks }: RolloutRules): string =>
  (["before", "between", "after"] as const)
    .filter((phase) => hooks[phase].length > 0)
    .map((phase) => `${phase} ${hooks[phase].map((hook) => hook.name).join(", ")}`)
    .join("; ");

/** `2026-11-27 23:59 UTC` */
export const utc = (at: Date): string => `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
