import type { Hook, RolloutRules } from "../config.ts";
import type { StepKind, Strategy } from "../schema.ts";

/** One step of a deployment as it is planned. Pure: the plan that is shown is the one that is carried out. */
export interface StepPlan {
  kind: StepKind;
  /** what happens, for people: `Send 5 % of the requests to 2.5.0` */
  title: string;
  /** percent of the requests the new version has from this step on; null: unchanged */
  weight: number | null;
  /** instances of the new version that are ready after this step; null: unchanged */
  instances: number | null;
  phase: "before" | "between" | "after" | null;
  /** which of the phase's hooks */
  hook: number | null;
  /** how long it takes when nothing goes wrong */
  seconds: number;
}

export interface StepsInput {
  strategy: Strategy | "restore";
  version: string;
  previousVersion: string | null;
  instances: number;
  rules: RolloutRules;
}

/** Guesses for the plan: an instance starts, a hook runs, a balancer drains. */
const START_SECONDS = 3;
const HOOK_SECONDS = 2;
const RETIRE_SECONDS = 2;

/**
 * The steps of a deployment. Without a version before it nothing can be compared and nobody has to be moved over, so
 * every strategy comes down to rolling; `restore` goes straight back, past hooks and judge.
 */
export function stepsOf(input: StepsInput): StepPlan[] {
  const { rules, previousVersion } = input;
  const strategy = previousVersion === null ? "rolling" : input.strategy;
  if (strategy === "restore") return [bringUp(input, input.instances), weigh(input, 100), retire(input)];
  const body = strategy === "rolling" ? [roll(input)] : strategy === "canary" ? canary(input) : blueGreen(input);
  return [...hookSteps("before", rules.hooks.before), ...body, ...hookSteps("after", rules.hooks.after)];
}

function canary(input: StepsInput): StepPlan[] {
  const { rules, instances } = input;
  const steps: StepPlan[] = [];
  let up = 0;
  for (const weight of rules.canary.weights) {
    const needed = Math.max(1, Math.ceil((instances * weight) / 100));
    if (needed > up) steps.push(bringUp(input, needed, up));
    if (up === 0 && rules.verification.length > 0) steps.push(verify(input));
    up = Math.max(up, needed);
    steps.push(weigh(input, weight));
    if (weight < 100) steps.push(analyse(input, weight), ...hookSteps("between", rules.hooks.between, weight));
  }
  if (rules.canary.keepOldSeconds > 0) steps.push(hold(input, rules.canary.keepOldSeconds));
  return [...steps, retire(input)];
}

function blueGreen(input: StepsInput): StepPlan[] {
  const { rules, instances } = input;
  const steps = [bringUp(input, instances)];
  if (rules.verification.length > 0) steps.push(verify(input));
  steps.push(...hookSteps("between", rules.hooks.between), weigh(input, 100));
  if (rules.blueGreen.keepOldSeconds > 0) steps.push(hold(input, rules.blueGreen.keepOldSeconds));
  return [...steps, retire(input)];
}

const plain = { weight: null, instances: null, phase: null, hook: null };
const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

const roll = ({ version, instances }: StepsInput): StepPlan => ({
  ...plain,
  kind: "roll",
  title: `Replace ${count(instances, "instance")} one by one with ${version}`,
  instances,
  seconds: instances * (START_SECONDS + RETIRE_SECONDS),
});
/** `up`: how many of them there are by then, so that numbers of steps are not added up. */
const bringUp = ({ version }: StepsInput, instances: number, up = 0): StepPlan => ({
  ...plain,
  kind: "bring_up",
  title:
    up === 0
      ? `Bring up ${count(instances, "instance")} of ${version} beside what runs`
      : `Bring up ${count(instances - up, "more instance")} of ${version}, ${instances} in all`,
  instances,
  seconds: START_SECONDS,
});
const verify = ({ version, rules }: StepsInput): StepPlan => ({
  ...plain,
  kind: "verify",
  title: `Ask ${version} ${count(rules.verification.length, "question")} of its own before users do`,
  seconds: HOOK_SECONDS,
});
const weigh = ({ version, previousVersion }: StepsInput, weight: number): StepPlan => ({
  ...plain,
  kind: "weight",
  title:
    weight === 100
      ? `Send all requests to ${version}, none to ${previousVersion}`
      : `Send ${weight} % of the requests to ${version}`,
  weight,
  seconds: 0,
});
const analyse = ({ version, previousVersion, rules }: StepsInput, weight: number): StepPlan => ({
  ...plain,
  kind: "analysis",
  title: `Compare ${version} at ${weight} % with ${previousVersion} in the same minutes`,
  seconds: rules.analysis.minSeconds,
});
const hold = ({ version, previousVersion }: StepsInput, seconds: number): StepPlan => ({
  ...plain,
  kind: "hold",
  title: `Keep ${previousVersion} ready for ${seconds} s while ${version} is watched`,
  seconds,
});
const retire = ({ previousVersion, version }: StepsInput): StepPlan => ({
  ...plain,
  kind: "retire",
  title: `Let ${previousVersion ?? `what is not ${version}`} finish its requests and stop it`,
  seconds: RETIRE_SECONDS,
});

const hookSteps = (phase: NonNullable<StepPlan["phase"]>, hooks: readonly Hook[], weight?: number): StepPlan[] =>
  hooks.map((hook, index) => ({
    ...plain,
    kind: "hook",
    title: `Run the hook ${hook.name}${weight === undefined ? "" : ` after ${weight} %`}`,
    phase,
    hook: index,
    seconds: HOOK_SECONDS,
  }));
