import { describeSeconds } from "../../text/durations.ts";
import type { Decision } from "../schema.ts";
import { STEP_TRAITS } from "../words.ts";
import type { Question } from "./effects-record.ts";
import type { Interruption, PlannedStep, StepOutcome } from "./procedure.ts";
import type { Stop } from "./rollback-run.ts";
import { type Run, readInbox, runClockMs } from "./run.ts";
import type { Answer } from "./run-state.ts";
import { doing, withoutFullStop } from "./status-lines.ts";
import { carryOut, giveShare, holdSecondsOf, prepareRetry } from "./step-work.ts";
import { waitForDecision } from "./waiting.ts";

/** The steps in their order; comes back when all have passed (null) or when it is not to go on. */
export async function carryOutSteps(run: Run): Promise<Stop | null> {
  const { durable, effects, plan, state } = run;
  for (const step of plan.steps) {
    if (state.promotedBy !== null && isSkipped(plan.steps, step)) {
      const text = `Skipped: ${state.promotedBy} promoted it all the way`;
      await durable.step("skip", () => effects.skipStep(plan, step.index, text));
      continue;
    }
    const stop = (await pauseBefore(run, step)) ?? (await untilPassed(run, step));
    if (stop) return stop;
  }
  return null;
}

/** What is left out once somebody promoted everything: the judge, the holding, and the shares in between. */
function isSkipped(steps: readonly PlannedStep[], { kind, index, weight }: PlannedStep): boolean {
  switch (STEP_TRAITS[kind].whenPromoted) {
    case "runs":
      return false;
    case "skipped":
      return true;
    case "runs if all requests":
      return weight !== 100;
    case "runs if last of its kind":
      return steps.some((later) => later.kind === kind && later.index > index);
  }
}

type Turn =
  | { kind: "passed" }
  /** the same step again: `anew` after a failure, else where it was */
  | { kind: "again"; anew: boolean; attempts: 0 | 1; since?: number | undefined }
  | { kind: "stop"; stop: Stop };

const PASSED: Turn = { kind: "passed" };

async function untilPassed(run: Run, step: PlannedStep): Promise<Stop | null> {
  const { durable, effects, plan, state } = run;
  let attempt = 1;
  for (let [anew, since]: [boolean, number | undefined] = [false, undefined]; ; ) {
    const summary = doing(plan, step, state.weight, holdSecondsOf(run));
    const began = await durable.step("step", () => effects.beginStep(plan, step, attempt, summary, state.deadlineAt));
    const beganAt = runClockMs(run, began);
    const trouble = anew ? await prepareRetry(run, step) : null;
    const outcome = trouble ?? (await carryOut(run, step, attempt, since));
    const turn = await conclude(run, { step, attempt, beganAt }, outcome);
    if (turn.kind === "stop") return turn.stop;
    if (turn.kind === "passed") return null;
    ({ anew, since } = turn);
    attempt += turn.attempts;
  }
}

interface Attempt {
  step: PlannedStep;
  attempt: number;
  /** by the run's own clock */
  beganAt: number;
}

/** What an outcome leads to. */
async function conclude(run: Run, one: Attempt, outcome: StepOutcome): Promise<Turn> {
  switch (outcome.kind) {
    case "passed":
      return pass(run, one, outcome.note);
    case "failed":
      return fail(run, one, outcome);
    case "undecided": {
      await countTime(run, one);
      const question = questionOf(run, one.step, "undecided");
      const turn = await ask(run, one, { ...question, reason: withoutFullStop(outcome.reason), inStep: true });
      // nothing failed, so a further try has the requests of this one, too
      return turn.kind === "again" ? { ...turn, since: outcome.since } : turn;
    }
    case "interrupted":
      return interrupt(run, one, outcome.by);
  }
}

async function pass(run: Run, one: Attempt, note: string): Promise<Turn> {
  const { durable, effects, plan } = run;
  const passed = await durable.step("passed", () => effects.passStep(plan, one.step.index, note));
  const at = runClockMs(run, passed);
  if (STEP_TRAITS[one.step.kind].untimed) run.state.deadlineAt += Math.max(0, at - one.beganAt);
  return PASSED;
}

/** The deadline moves on by what an untimed step took so far. */
async function countTime(run: Run, { step, beganAt }: Attempt): Promise<void> {
  if (!STEP_TRAITS[step.kind].untimed) return;
  const { at } = await readInbox(run);
  run.state.deadlineAt += Math.max(0, at - beganAt);
}

type Failed = Extract<StepOutcome, { kind: "failed" }>;

/** Back at once, or the users to the version before and the question to a person. */
async function fail(run: Run, one: Attempt, { reason: said, instance }: Failed): Promise<Turn> {
  const { durable, effects, plan, state } = run;
  const reason = withoutFullStop(said);
  const { step, attempt } = one;
  const failed = await durable.step("failed", () =>
    effects.failStep(plan, { index: step.index, attempt }, reason, instance),
  );
  const at = runClockMs(run, failed);
  if (STEP_TRAITS[step.kind].untimed) state.deadlineAt += Math.max(0, at - one.beganAt);
  if (plan.options.rollbackOnFailure)
    return { kind: "stop", stop: { ending: "rolled_back", reason, failure: true, openStep: null } };
  // while instances are replaced one by one, those of the version before are too few to serve alone
  if (state.weight !== null) await durable.step("shelter", () => effects.returnTraffic(plan));
  return ask(run, one, { ...questionOf(run, step, "failed"), reason, inStep: true });
}

async function interrupt(run: Run, one: Attempt, by: Interruption): Promise<Turn> {
  const { step } = one;
  const openStep = step.index;
  if (by.kind === "broken") return fail(run, one, { kind: "failed", reason: by.reason, instance: by.instance });
  if (by.kind === "cancel") return { kind: "stop", stop: stopOf(run, by, openStep) };
  const { decision, actorName, reason } = by.decision;
  if (decision === "promote") return pass(run, one, `Promoted by ${actorName}${reason ? `: ${reason}` : ""}`);
  if (decision !== "pause") return { kind: "stop", stop: stopOf(run, by, openStep) };
  await countTime(run, one);
  const text = `Paused by ${actorName}${reason ? `: ${reason}` : ""}`;
  return ask(run, one, { ...questionOf(run, step, "paused"), reason: text, inStep: true });
}

/** How it ends when somebody stepped in. */
export function stopOf({ state }: Run, by: Exclude<Interruption, { kind: "broken" }>, openStep: number | null): Stop {
  const failure = false;
  if (by.kind === "cancel") {
    const reason = state.cancelledBy ? `${state.cancelledBy} cancelled it` : "it was cancelled";
    return { ending: "cancelled", reason, failure, openStep };
  }
  const { actorName, reason } = by.decision;
  const text = `${actorName} called it back${reason ? `: ${reason}` : ""}`;
  return { ending: "rolled_back", reason: text, failure, openStep };
}

/** A pause that was asked for while a step ran that could not stop. */
async function pauseBefore(run: Run, step: PlannedStep): Promise<Stop | null> {
  const { pause } = run.state;
  if (!pause) return null;
  const reason = `Paused by ${pause.actorName}${pause.reason ? `: ${pause.reason}` : ""}`;
  const question = { ...questionOf(run, step, "paused"), reason, inStep: false };
  const answer = await waitForDecision(run, question);
  if (isRollback(answer)) return rollbackAfter(question, answer, null);
  await goOn(run, answer, null);
  return null;
}

/** What may be answered: a set that did not come up cannot be promoted, and without a version before none is back. */
function optionsOf(
  kind: Question["kind"],
  step: Pick<PlannedStep, "kind">,
  previousVersion: string | null,
): Decision[] {
  const forward: Decision[] = kind === "paused" ? ["resume", "promote"] : ["promote", "retry"];
  const offered =
    kind === "failed" && !STEP_TRAITS[step.kind].acceptable ? forward.filter((one) => one !== "promote") : forward;
  return [...offered, ...(previousVersion === null ? [] : (["rollback"] as const)), "abort"];
}

function questionOf({ plan }: Run, step: PlannedStep, kind: Question["kind"]): Omit<Question, "reason" | "inStep"> {
  const { decisionTimeoutSeconds, pauseTimeoutSeconds } = plan.options.rules;
  const { previousVersion } = plan;
  return {
    kind,
    options: optionsOf(kind, step, previousVersion),
    stepIndex: step.index,
    timeoutSeconds: kind === "paused" ? pauseTimeoutSeconds : decisionTimeoutSeconds,
    otherwise: previousVersion === null ? "it ends as it is" : `it goes back to ${previousVersion}`,
  };
}

const isRollback = ({ decision }: Answer): boolean =>
  decision === null || decision === "rollback" || decision === "abort";

async function ask(run: Run, { step }: Attempt, question: Question): Promise<Turn> {
  const { durable, effects, plan } = run;
  const answer = await waitForDecision(run, question);
  if (isRollback(answer)) return { kind: "stop", stop: rollbackAfter(question, answer, step.index) };
  await goOn(run, answer, step.index);
  const { decision, by, reason } = answer;
  // of a step whose outcome nobody has to accept, going on is all there is to promote
  const accepted = decision === "promote" && STEP_TRAITS[step.kind].acceptable;
  if (accepted) {
    const stop = question.kind === "failed" ? await restoreShare(run, step.index) : null;
    if (stop) return { kind: "stop", stop };
    const text = `Promoted by ${by}${reason ? `: ${reason}` : ""}${question.kind === "paused" ? "" : `, although ${question.reason}`}`;
    await durable.step("passed", () => effects.passStep(plan, step.index, text));
    return PASSED;
  }
  return {
    kind: "again",
    anew: decision === "retry",
    attempts: decision === "retry" || STEP_TRAITS[step.kind].untimed ? 1 : 0,
  };
}

/** How it ends when a question was answered so, or not at all. */
function rollbackAfter(question: Question, { decision, by, reason }: Answer, openStep: number | null): Stop {
  const why = question.kind === "paused" ? "" : question.reason;
  const said = reason ? `: ${reason}` : "";
  if (decision === "abort")
    return { ending: "cancelled", reason: `${by} cancelled it${said}`, failure: false, openStep };
  const time = describeSeconds(question.timeoutSeconds);
  const ended = decision === null ? `nobody decided within ${time}` : `${by} called it back${said}`;
  const failure = question.kind === "failed" || (question.kind === "undecided" && decision === null);
  if (question.kind === "paused" && decision === null)
    return {
      ending: "rolled_back",
      reason: `${question.reason}, and nobody resumed it within ${time}`,
      failure,
      openStep,
    };
  return { ending: "rolled_back", reason: why ? `${why}; ${ended}` : ended, failure, openStep };
}

async function goOn(run: Run, answer: Answer & { number: number }, stepIndex: number | null): Promise<void> {
  const { durable, effects, plan, state } = run;
  const { decision, by, number } = answer;
  const what = { promote: "promoted it", retry: "lets it try again", resume: "resumed it" };
  const said = decision === "promote" || decision === "retry" ? what[decision] : what.resume;
  const message = `Goes on: ${by} ${said}`;
  await durable.step("go on", () => effects.goOn(plan, number, message, stepIndex, state.deadlineAt));
}

/** While it waited after a failure the users were on the version before: the share it had comes back. */
async function restoreShare(run: Run, stepIndex: number): Promise<Stop | null> {
  const { weight } = run.state;
  const trouble = weight === null ? null : await giveShare(run, weight, stepIndex);
  if (trouble?.kind === "failed")
    return { ending: "rolled_back", reason: trouble.reason, failure: true, openStep: stepIndex };
  if (trouble?.kind !== "interrupted" || trouble.by.kind === "broken") return null;
  return stopOf(run, trouble.by, stepIndex);
}
