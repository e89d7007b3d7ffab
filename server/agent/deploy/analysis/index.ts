import { type ClockReading, MonotonicElapsed, type StoredReading } from "../../kernel/clock.ts";
import type { Durable } from "../../ports/durable.ts";
import type { Inspection } from "../run/inspection.ts";
import type { CheckInterrupt, DeploymentPlan, Judgement, PlannedStep, StepOutcome } from "../run/procedure.ts";
import type { AnalysisEffects } from "./analysis-effects.ts";
import { nextAnalysisAction } from "./next-action.ts";

export { type AnalysisEffects, analysisEffects } from "./analysis-effects.ts";

/** What finds out whether the new version is good: the judge, hooks, questions of its own. */

interface Inspected {
  step: PlannedStep;
  attempt: number;
}

/** Somebody who steps in wakes a wait; without that it is noticed after this. */
const LONGEST_WAIT_MS = 5_000;

/** Former releases remembered the wall clock alone. */
const asReading = (stored: StoredReading): ClockReading =>
  typeof stored === "number" ? { at: stored, steady: undefined } : stored;

/** Judges again and again until there is a verdict, or somebody steps in. */
export async function runAnalysis(
  durable: Durable,
  effects: AnalysisEffects,
  plan: DeploymentPlan,
  input: Parameters<Inspection["analyse"]>[2],
): Promise<StepOutcome> {
  const { step, attempt, kind, holdSeconds, checkInterrupt } = input;
  const rules = plan.options.rules.analysis;
  const began = asReading(await durable.step("now", () => effects.now()));
  const clock = new MonotonicElapsed(began.at);
  clock.observe(began);
  const beforeMs = Math.max(0, began.at - (input.since ?? began.at));
  const judgements: Judgement[] = [];
  const key = `analysis:${step.index}:${attempt}`;
  for (;;) {
    const by = await checkInterrupt();
    if (by) return { kind: "interrupted", by };
    const now = asReading(await durable.step("now", () => effects.now()));
    const at = clock.observe(now);
    const action = nextAnalysisAction(judgements, rules, { startedAt: 0, at, holdSeconds });
    switch (action.do) {
      case "judge": {
        // after the clock was set back: what is as old as this analysis, by the clock of now
        const since = Math.min(began.at, now.at - at) - beforeMs;
        const input = { step, attempt, kind, since, holdSeconds };
        const judgement = await durable.step("judge", () => effects.judge(plan, input));
        judgements.push({ ...judgement, at });
        break;
      }
      case "wait":
        await durable.wait(Math.min(action.ms, LONGEST_WAIT_MS));
        break;
      case "ask":
        return { kind: "undecided", reason: action.reason, ...(kind === "step" && { since: began.at - beforeMs }) };
      case "fail":
        return { kind: "failed", reason: action.judgement.sentence, instance: null };
      case "pass": {
        const note = action.judgement.sentence;
        const message = kind === "hold" ? `Held for ${holdSeconds} s: ${note}` : `The judge: ${note}`;
        await durable.step("concluded", () => effects.concluded(plan, key, "ok", message));
        return { kind: "passed", note };
      }
      case "goOn": {
        const note = `Not decided, and let go on by ${action.allowedBy}: ${action.judgement.sentence}`;
        await durable.step("concluded", () =>
          effects.concluded(plan, key, "warning", `Held for ${holdSeconds} s. ${note}`),
        );
        return { kind: "passed", note };
      }
    }
  }
}

/** Runs one hook; a refusal halts. */
export async function runHook(
  durable: Durable,
  effects: AnalysisEffects,
  plan: DeploymentPlan,
  { step, attempt, weight }: Inspected & { weight: number | null; checkInterrupt: CheckInterrupt },
): Promise<StepOutcome> {
  const { ok, summary } = await durable.step("hook", () => effects.runHook(plan, step, attempt, weight));
  if (ok) return { kind: "passed", note: summary };
  const name = step.phase === null || step.hook === null ? "" : plan.options.rules.hooks[step.phase][step.hook]?.name;
  return { kind: "failed", reason: `The hook ${name ?? ""} refused: ${summary}`, instance: null };
}

const VERIFY_TRIES = 3;
const VERIFY_PAUSE_MS = 1_000;

/** Asks the new version its questions; only what was not answered at all is asked again. */
export async function runVerification(
  durable: Durable,
  effects: AnalysisEffects,
  plan: DeploymentPlan,
  { step, attempt }: Inspected,
): Promise<StepOutcome> {
  for (let tries = 1; ; tries++) {
    const { ok, summary, retry } = await durable.step("verify", () => effects.verify(plan, step, attempt));
    if (ok) return { kind: "passed", note: summary };
    if (!retry || tries === VERIFY_TRIES)
      return { kind: "failed", reason: `The verification failed: ${summary}`, instance: null };
    await durable.wait(VERIFY_PAUSE_MS);
  }
}
