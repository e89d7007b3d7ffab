import { readClock } from "../../kernel/clock.ts";
import { dataWithoutConfidential, withoutConfidential } from "../../kernel/confidential/confidential.ts";
import { unsealed } from "../../kernel/confidential/sealed.ts";
import type { Runtime } from "../../kernel/context.ts";
import { toAppError } from "../../kernel/errors.ts";
import type { DirectAnswer } from "../../ports/traffic.ts";
import { failedRequests, sumOutcomes, waitLimitMs } from "../../telemetry/outcomes.ts";
import { limitsOf } from "../../telemetry/service-limits.ts";
import { clipText } from "../../text/clip-text.ts";
import { describeSeconds } from "../../text/durations.ts";
import { groupedCount } from "../../text/numbers.ts";
import { statusRanges } from "../../text/status-ranges.ts";
import { utcClock } from "../../text/utc.ts";
import { type AnalysisRules, DEFAULT_RULES, type Hook, type SyntheticRequest } from "../config.ts";
import type { JudgeResult } from "../judge/analysis-schema.ts";
import { type Judged, judge } from "../judge/index.ts";
import { publishDeployment } from "../record/publish.ts";
import { note } from "../record/record.ts";
import { type DeploymentPatch, findEvent, patchDeployment } from "../record/store.ts";
import { type AnalysisKind, upsertAnalysis } from "../record/store-analyses.ts";
import { patchStep } from "../record/store-steps.ts";
import type { DeploymentPlan, Judgement, PlannedStep } from "../run/procedure.ts";
import type { StepOutput } from "../schema.ts";
import { collect, type Evidence, type WarmUp } from "./collect.ts";

type Part = StepOutput["parts"][number];
export interface Answered {
  ok: boolean;
  summary: string;
}

export interface JudgeStep {
  step: PlannedStep;
  attempt: number;
  kind: "step" | "hold";
  /** milliseconds since 1970 */
  since: number;
  /** of a hold */
  holdSeconds?: number | undefined;
}

export type AnalysisEffects = ReturnType<typeof analysisEffects>;

/** What analyses, hooks and verifications do outside. Each may run twice. */
export const analysisEffects = (runtime: Runtime) => ({
  now: async () => readClock(runtime),
  judge: (plan: DeploymentPlan, input: JudgeStep) => judgeStep(runtime, plan, input),
  concluded: (plan: DeploymentPlan, key: string, level: "ok" | "warning", message: string) =>
    note(runtime, plan, { key, level, kind: "decision", message }),
  runHook: (plan: DeploymentPlan, step: PlannedStep, attempt: number, weight: number | null) =>
    runHook(runtime, plan, step, attempt, weight),
  verify: (plan: DeploymentPlan, step: PlannedStep, attempt: number) => verify(runtime, plan, step, attempt),
});

/** Judges once and keeps the newest result of the attempt. A fault on the way is a verdict of its own. */
async function judgeStep(runtime: Runtime, plan: DeploymentPlan, input: JudgeStep): Promise<Judgement> {
  const { step, attempt, kind, since, holdSeconds } = input;
  const at = runtime.now();
  const kept = { key: `step-${step.index}-${attempt}`, stepIndex: step.index, attempt, kind };
  try {
    const evidence = await collect(runtime, plan, kind, since, warmUpOf(plan, holdSeconds));
    const { result, ...more } = judgeEvidence(runtime, plan, evidence);
    await keep(runtime, plan, kept, result, at);
    await tellProgress(runtime, plan, progressOf(plan, result, evidence));
    return summaryOf(at, result, more, evidence);
  } catch (error) {
    return keepFault(runtime, plan, kept, error, at);
  }
}

/** A hold does not last longer for it: most of its time is left to compare. */
const MOST_OF_HOLD = 1 / 3;

/** For how long latency is not compared; 0 s for deployments that were begun before there was such a rule. */
const warmUpOf = ({ options }: Pick<DeploymentPlan, "options">, holdSeconds: number | undefined): WarmUp => ({
  seconds: (options.rules.analysis as Partial<AnalysisRules>).warmUpSeconds ?? 0,
  mostSeconds: holdSeconds === undefined ? undefined : holdSeconds * MOST_OF_HOLD,
});

/**
 * A comparison that could not be made is written down as the newest, too: what was found before it is no evidence any
 * more, neither for a person nor for a model.
 */
export async function keepFault(
  runtime: Runtime,
  { deploymentId }: Pick<DeploymentPlan, "deploymentId">,
  kept: Kept,
  error: unknown,
  at: Date,
): Promise<Judgement> {
  const sentence = toAppError(error).message;
  const nothing = { score: null, from: at, to: at, result: null };
  await upsertAnalysis(runtime.db, deploymentId, { ...kept, verdict: "error", sentence, ...nothing }, at);
  const uncounted = { tooLittle: false, score: null, candidateRequests: 0, candidateErrors: 0 };
  return { at: at.getTime(), verdict: "error", sentence, ...uncounted };
}

export function judgeEvidence(
  { config }: Pick<Runtime, "config">,
  plan: Pick<DeploymentPlan, "service" | "version" | "previousVersion" | "options">,
  { baseline, candidate, dependents, leftOut, from, to, warmUntil }: Evidence,
): Judged {
  const { service, version, previousVersion, options } = plan;
  const { analysis } = options.rules;
  // a deployment keeps the rules it began with: metrics that came later have their defaults
  const rules = { ...analysis, metrics: { ...DEFAULT_RULES.analysis.metrics, ...analysis.metrics } };
  return judge({
    ...{ baselineVersion: previousVersion ?? "", candidateVersion: version, rules, minRequests: rules.minRequests },
    ...{ from: new Date(from).toISOString(), to: new Date(to).toISOString(), baseline, candidate, dependents, leftOut },
    ...{ failingPercent: limitsOf(config, service).failingPercent, warmUntil },
  });
}

const requestsOf = (rows: Evidence["candidate"]) => rows.reduce((sum, row) => sum + row.requests, 0);

/** Requests of the new version that failed, by how long those of the version before it wait. */
function failuresOf({ baseline, candidate }: Evidence): number {
  const counts = sumOutcomes(candidate);
  return failedRequests(counts, waitLimitMs(counts, sumOutcomes(baseline)));
}

export const summaryOf = (
  at: Date,
  result: JudgeResult,
  { tooLittle, fewRequests }: Omit<Judged, "result">,
  evidence: Evidence,
): Judgement => ({
  at: at.getTime(),
  verdict: result.verdict,
  ...{ tooLittle, fewRequests },
  score: result.score,
  sentence: result.verdict === "fail" ? `${result.sentence}. ${costOf(evidence, result)}` : result.sentence,
  candidateRequests: result.candidateRequests,
  candidateErrors: failuresOf(evidence),
});

/**
 * What the comparison cost the users until now: of all requests of the same time, to both versions. What was counted
 * before the new version served is no base. Where it had all requests, that is said instead of a share.
 */
function costOf(evidence: Evidence, { candidateVersion: version }: JudgeResult): string {
  const errors = failuresOf(evidence);
  const requests = requestsOf(evidence.candidate);
  const all = requests + requestsOf(evidence.beside);
  if (all === 0) return "No request was counted";
  const share = (part: number) => `${Number(((part / all) * 100).toPrecision(2))} %`;
  const until = `In the ${describeSeconds((evidence.to - evidence.from) / 1_000)} until ${utcClock(new Date(evidence.to))},`;
  const had = requests === all ? "all of them" : `${share(requests)} of them`;
  if (errors === 0)
    return `${until} none of ${groupedCount(requests)} requests failed on ${version}, which had ${requests === all ? "all requests" : `${share(requests)} of all ${groupedCount(all)}`}`;
  const failed =
    requests === all
      ? `${groupedCount(errors)} of ${groupedCount(all)} requests`
      : `${groupedCount(errors)} of all ${groupedCount(all)} requests (${share(errors)})`;
  return `${until} ${failed} failed on ${version}, which had ${had}`;
}

function progressOf(
  { version, previousVersion, options }: DeploymentPlan,
  result: JudgeResult,
  evidence: Evidence,
): string {
  const errors = failuresOf(evidence);
  const { minRequests } = options.rules.analysis;
  const counted = groupedCount(result.candidateRequests);
  const of = result.candidateRequests < minRequests ? ` of ${groupedCount(minRequests)}` : "";
  return `Comparing ${version} with ${previousVersion}: ${counted}${of} requests since this comparison began, ${groupedCount(errors)} of them failed`;
}

interface Kept {
  key: string;
  stepIndex: number | null;
  attempt: number;
  kind: AnalysisKind;
}

/** Writes down the newest result under its key. */
export const keep = (
  runtime: Runtime,
  { deploymentId }: Pick<DeploymentPlan, "deploymentId">,
  kept: Kept,
  result: JudgeResult,
  at: Date,
) =>
  upsertAnalysis(
    runtime.db,
    deploymentId,
    {
      ...kept,
      ...{ verdict: result.verdict, score: result.score, sentence: result.sentence },
      ...{ from: new Date(result.from), to: new Date(result.to), result },
    },
    at,
  );

const tellProgress = (runtime: Runtime, plan: DeploymentPlan, summary: string): Promise<void> =>
  runtime.db.$transaction(async (tx) => {
    const patch: DeploymentPatch = { summary };
    await patchDeployment(tx, plan.deploymentId, patch);
    await publishDeployment(runtime, tx, { ...plan, id: plan.deploymentId });
  });

/**
 * Runs the hook of a step. What it answered is remembered with the attempt, so that a worker that died after it does
 * not run it again; one that died while it ran does, under the same key.
 */
async function runHook(
  runtime: Runtime,
  plan: DeploymentPlan,
  { index, phase, hook: number }: PlannedStep,
  attempt: number,
  weight: number | null,
): Promise<Answered> {
  const { deploymentId, service, environment, version, previousVersion } = plan;
  const hook = phase === null || number === null ? undefined : plan.options.rules.hooks[phase][number];
  if (!hook || phase === null) return { ok: false, summary: "the hook is not part of this deployment's rules" };
  const key = `hook:${index}:${attempt}`;
  const known = await findEvent(runtime.db, deploymentId, key);
  if (known) return { ok: known.level === "ok", summary: String((known.detail as { summary?: string })?.summary) };
  let ready: Hook;
  try {
    ready = unsealed(hook);
  } catch (error) {
    return { ok: false, summary: toAppError(error).message };
  }
  const answer = await runtime.hooks.run(ready, {
    ...{ deploymentId, service, environment, version, previousVersion, phase, weight },
    key: `${deploymentId}:${index}:${attempt}`,
  });
  const tries = answer.tries > 1 ? ` after ${answer.tries} tries` : "";
  const summary = `${answer.summary}${tries}`;
  await keepOutput(runtime, plan, index, [
    { name: hook.name, ok: answer.ok, summary, durationMs: answer.durationMs, output: answer.output },
  ]);
  const lastLine = answer.output.trimEnd().split("\n").at(-1)?.trim();
  const told = !answer.ok && lastLine ? `${summary}: ${clipText(lastLine, 300)}` : summary;
  const level = answer.ok ? "ok" : "error";
  const detail = { stepIndex: index, summary: told };
  await note(runtime, plan, { key, level, kind: "step", message: `Hook ${hook.name}: ${told}`, detail });
  return { ok: answer.ok, summary: told };
}

const keepOutput = (runtime: Runtime, plan: DeploymentPlan, index: number, parts: Part[]): Promise<void> =>
  patchStep(runtime.db, plan.deploymentId, index, { output: dataWithoutConfidential(parts, "message") });

/** Puts the configured questions to every ready instance of the new version. */
async function verify(
  runtime: Runtime,
  plan: DeploymentPlan,
  { index }: PlannedStep,
  attempt: number,
): Promise<Answered & { retry: boolean }> {
  const { service, environment, version, options } = plan;
  const parts: Part[] = [];
  let unanswered = false;
  let questions: SyntheticRequest[];
  try {
    questions = unsealed(options.rules.verification);
  } catch (error) {
    return { ok: false, summary: toAppError(error).message, retry: false };
  }
  for (const asked of questions) {
    const { method, path, headers, body, timeoutMs } = asked;
    const request = { service, environment, version, method, path, headers, body: body ?? null, timeoutMs };
    let answers: DirectAnswer[];
    try {
      answers = await runtime.platform.traffic.sendTo(request);
    } catch (error) {
      return { ok: false, summary: toAppError(error).message, retry: true };
    }
    if (answers.length === 0) return { ok: false, summary: `nothing of ${version} is ready to be asked`, retry: true };
    for (const answer of answers) {
      const problem = problemOf(asked, answer);
      unanswered ||= answer.status === null;
      parts.push({
        name: `${asked.name}, ${answer.instanceId}`,
        ok: problem === null,
        summary: problem === null ? `answered ${answer.status}` : withoutConfidential(problem),
        durationMs: answer.durationMs,
        output: problem === null ? "" : answer.body,
      });
    }
  }
  await keepOutput(runtime, plan, index, parts);
  const failed = parts.find((part) => !part.ok);
  const count = `${parts.length} of ${parts.length} answers are as expected`;
  const summary = failed ? `${failed.name}: ${failed.summary}` : count;
  const key = `verify:${index}:${attempt}`;
  if (!failed) await note(runtime, plan, { key, level: "ok", kind: "step", message: `Verification: ${summary}` });
  return { ok: !failed, summary, retry: unanswered };
}

function problemOf(asked: SyntheticRequest, { status, problem, body }: DirectAnswer): string | null {
  if (status === null) return `${asked.method} ${asked.path} was not answered: ${problem}`;
  if (!asked.expectStatus.includes(status))
    return `${asked.method} ${asked.path} answered ${status}, expected ${statusRanges(asked.expectStatus)}`;
  if (asked.bodyIncludes !== undefined && !body.includes(asked.bodyIncludes))
    return `${asked.method} ${asked.path} answered without "${clipText(asked.bodyIncludes, 80)}"`;
  return null;
}
