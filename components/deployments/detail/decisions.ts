import type { Decision, DeploymentView, StepView } from "#server/agent/deploy/schema.ts";

/** What can be decided about a deployment now, and what each decision will do, in words. Pure. */

type Choice = Exclude<Decision, never>;

/** Steps that are accepted as they are when somebody promotes them. */
const ACCEPTED: readonly StepView["kind"][] = ["analysis", "hold", "hook", "verify"];

export const currentStep = (steps: readonly StepView[]): StepView | null =>
  steps.find((step) => step.status === "running" || step.status === "waiting") ?? null;

/** In the order in which they are offered: on, again, back. */
export function choicesFor(deployment: DeploymentView, steps: readonly StepView[]): Choice[] {
  const { status, waiting, previousVersion, cancelRequested } = deployment;
  if (waiting) return waiting.options;
  if (cancelRequested || (status !== "running" && status !== "queued")) return [];
  const step = currentStep(steps);
  const promote = step !== null && ACCEPTED.includes(step.kind);
  return [
    ...(promote ? (["promote"] as const) : []),
    ...(status === "running" ? (["pause"] as const) : []),
    ...(previousVersion !== null && status === "running" ? (["rollback"] as const) : []),
    "abort",
  ];
}

export const KEYS: Record<Choice, string> = {
  promote: "p",
  retry: "t",
  rollback: "b",
  abort: "x",
  pause: "w",
  resume: "c",
};

/** What the button says. */
export function labelOf(decision: Choice, { version, previousVersion, waiting }: DeploymentView): string {
  switch (decision) {
    case "promote":
      return waiting?.kind === "regressed" ? `Keep ${version}` : `Promote ${version}`;
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

/** What will happen, sentence by sentence. */
export function consequencesOf(decision: Choice, deployment: DeploymentView, steps: readonly StepView[]): string[] {
  const { version, previousVersion, service, environment, waiting } = deployment;
  const step = steps.find((one) => one.index === waiting?.stepIndex) ?? currentStep(steps);
  const next = step ? steps.find((one) => one.index > step.index) : null;
  const old = previousVersion ?? "the version before";
  switch (decision) {
    case "promote":
      if (waiting?.kind === "regressed") return [`${version} stays, and is not watched any more.`];
      return [
        ...(waiting
          ? [`You accept what stood against it: ${waiting.reason}`]
          : ["The comparison that runs is not waited for."]),
        next ? `Next: ${next.title}.` : "It is done after that.",
      ];
    case "retry":
      return [step ? `Done again: ${step.title}.` : "The step is done again.", "What failed before is replaced first."];
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
        step?.kind === "analysis" || step?.kind === "hold"
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
  steps.filter((step) => (step.kind === "analysis" || step.kind === "hold") && step.status === "pending").length > 0;
