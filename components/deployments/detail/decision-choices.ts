import type { AnalysisSummary, Decision, DeploymentView, StepView } from "#server/agent/deploy/schema.ts";
import type { EvidenceNow } from "#server/agent/deploy/split-schema.ts";
import { STEP_TRAITS } from "#server/agent/deploy/words.ts";
import { formatDuration } from "../../lib/format.ts";

/** What can be decided about a deployment now, and what each decision will do, in words. Pure. */

type Choice = Exclude<Decision, never>;

export const currentStep = (steps: readonly StepView[]): StepView | null =>
  steps.find((step) => step.status === "running" || step.status === "waiting") ?? null;

const ORDER: readonly Choice[] = ["resume", "promote", "retry", "pause", "rollback", "abort"];

/**
 * What the server accepts now, in the order in which it is offered: on, again, back; one way back, which is called off
 * where nothing ran before. A question names its answers in an order of its own.
 */
export const choicesFor = ({ waiting }: Pick<DeploymentView, "waiting">, allowed: readonly Decision[]): Choice[] =>
  oneWayBack(waiting ? allowed : allowed.toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)));

const oneWayBack = (choices: readonly Choice[]): Choice[] =>
  choices.filter((choice) => choice !== "abort" || !choices.includes("rollback"));

/** The newest comparison of the step that is decided about, in the attempt that runs; null when there is none. */
export function evidenceOf(
  { waiting }: DeploymentView,
  steps: readonly StepView[],
  analyses: readonly AnalysisSummary[],
): AnalysisSummary | null {
  const index = waiting ? waiting.stepIndex : (currentStep(steps)?.index ?? null);
  // of the watch, which is no step, there is one
  const attempt = steps.find((one) => one.index === index)?.attempt ?? 1;
  return analyses.find((one) => one.stepIndex === index && one.attempt === attempt) ?? null;
}

/**
 * Which button stands out: the one that the evidence speaks for, none while it speaks for nothing. A question that was
 * asked because something stands against going on is not answered by a comparison of before.
 */
export function emphasisOf(
  choice: Choice,
  { waiting }: Pick<DeploymentView, "waiting">,
  evidence: AnalysisSummary | null,
): "primary" | "danger" | "secondary" {
  const isOpen = waiting === null || waiting.kind === "paused";
  if ((choice === "promote" || choice === "resume") && isOpen && evidence?.verdict === "pass") return "primary";
  return choice === "rollback" && evidence?.verdict === "fail" ? "danger" : "secondary";
}

export const KEYS: Record<Choice, string> = {
  promote: "p",
  retry: "t",
  rollback: "b",
  abort: "x",
  pause: "w",
  resume: "c",
};

/** What the button says: what it brings about. */
export function labelOf(decision: Choice, deployment: DeploymentView, steps: readonly StepView[]): string {
  const { version, previousVersion, waiting } = deployment;
  switch (decision) {
    case "promote":
      return waiting?.kind === "regressed" ? `Keep ${version}` : promotion(deployment, steps);
    case "retry":
      return "Try this step again";
    case "rollback":
      return `Roll back to ${previousVersion ?? "the version before"}`;
    case "abort":
      return "Cancel";
    case "pause":
      return "Pause";
    case "resume":
      return "Go on";
  }
}

/** `Continue to 25 %`, `Promote to 100 %`, or what is left to do when all requests are there already. */
function promotion({ version, previousVersion, waiting }: DeploymentView, steps: readonly StepView[]): string {
  const step = steps.find((one) => one.index === waiting?.stepIndex) ?? currentStep(steps);
  const later = steps.filter((one) => one.index > (step?.index ?? -1));
  const weight = later.find((one) => one.weight !== null)?.weight ?? null;
  if (weight !== null) return weight < 100 ? `Continue to ${weight} %` : "Promote to 100 %";
  if (later.some((one) => STEP_TRAITS[one.kind].stopsBaseline === "all"))
    return `Keep ${version} and stop ${previousVersion ?? "the rest"}`;
  return later.length > 0 ? `Continue with ${version}` : `Keep ${version}`;
}

/** When it gives up, in words that hold at `now` (milliseconds since 1970). */
export function deadlineWords(deployment: DeploymentView, steps: readonly StepView[], now: number): string {
  const { waiting } = deployment;
  const step = currentStep(steps);
  const stoodSince = step && STEP_TRAITS[step.kind].untimed ? step.startedAt : (waiting?.since ?? null);
  const left = Date.parse(deployment.deadlineAt) - (stoodSince ? Date.parse(stoodSince) : now);
  const rest = left > 0 ? `, ${formatDuration(left)} left after it` : "";
  if (waiting) return `stands still until the decision${rest}`;
  if (step && STEP_TRAITS[step.kind].untimed) return `stands still during this step${rest}`;
  return left > 0 ? `in ${formatDuration(left)}` : "now: its time is up";
}

/** What happens without a decision: counts down, and past the end says what follows. */
export function expiryWords({ previousVersion, waiting }: DeploymentView, now: number): string {
  const back = previousVersion ? `goes back to ${previousVersion}` : "ends as it is";
  const left = waiting ? Date.parse(waiting.expiresAt) - now : 0;
  return left > 0
    ? `Without a decision it ${back} by itself in ${formatDuration(left)}.`
    : `The time to decide is over: it ${back} as soon as a worker takes it up.`;
}

/** What a question is about, and what has come since it was asked; `now` in milliseconds since 1970. */
interface Standing {
  evidenceNow: EvidenceNow | null;
  now: number;
}

/** What is accepted by going on, as of when, and how it stands by now. */
function acceptedWords(reason: string, { evidenceNow, now }: Standing): string[] {
  if (!evidenceNow) return [`You accept what stood against it: ${reason}`];
  const age = formatDuration(Math.max(1_000, now - Date.parse(evidenceNow.comparedAt)));
  return [
    `You accept what stood against it when it was last compared, ${age} ago: ${reason}`,
    `${evidenceNow.sentence}.`,
  ];
}

/** What trying again brings: requests of a comparison that was not decided are not lost. */
function againWords(step: StepView | null | undefined, evidenceNow: EvidenceNow | null): string[] {
  const done = step ? `Done again: ${step.title}.` : "The step is done again.";
  if (evidenceNow) return [done, `${evidenceNow.sentence}.`];
  return [done, "What failed before is replaced first."];
}

/** What will happen, sentence by sentence. */
export function consequencesOf(
  decision: Choice,
  deployment: DeploymentView,
  steps: readonly StepView[],
  standing: Standing,
): string[] {
  const { version, previousVersion, service, environment, waiting } = deployment;
  const step = steps.find((one) => one.index === waiting?.stepIndex) ?? currentStep(steps);
  const next = step ? steps.find((one) => one.index > step.index) : null;
  const old = previousVersion ?? "the version before";
  switch (decision) {
    case "promote":
      if (waiting?.kind === "regressed") return [`${version} stays, and is not watched any more.`];
      return [
        ...(waiting ? acceptedWords(waiting.reason, standing) : ["The comparison that runs is not waited for."]),
        next ? `Next: ${next.title}.` : "It is done after that.",
      ];
    case "retry":
      return againWords(step, standing.evidenceNow);
    case "rollback":
      return [
        `All requests of ${service} in ${environment} go to ${old} at once.`,
        `${old} is brought back to full strength; then ${version} finishes its requests and stops.`,
        "It ends as rolled back.",
      ];
    case "abort":
      return [
        previousVersion
          ? `The same way back as a rollback: ${old} serves everything again, ${version} stops.`
          : "There is no version before it to return to: what serves now goes on serving.",
        "It ends as cancelled, which counts as nobody's failure.",
      ];
    case "pause":
      return [
        step && STEP_TRAITS[step.kind].compares
          ? "The comparison stops now, and begins anew when it goes on."
          : "It stops as soon as the step that runs is done.",
        "The shares of the requests stay as they are meanwhile.",
        `Without a word it goes back to ${old} when the time for pauses is up.`,
      ];
    case "resume":
      return [step ? `Goes on with: ${step.title}.` : "It goes on where it was."];
  }
}

/** Promoting past every comparison that is left makes sense where some are. */
export const canPromoteAll = (steps: readonly StepView[]): boolean =>
  steps.filter((step) => STEP_TRAITS[step.kind].compares && step.status === "pending").length > 0;
