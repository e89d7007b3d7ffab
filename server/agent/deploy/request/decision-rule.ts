import { clockWasSetBack } from "../../kernel/clock.ts";
import { AppError } from "../../kernel/errors.ts";
import { utcClock } from "../../text/utc.ts";
import { type DeploymentRow, isActive } from "../record/store.ts";
import type { DecisionRow } from "../record/store-decisions.ts";
import type { StepRow } from "../record/store-steps.ts";
import type { Decision } from "../schema.ts";
import { STEP_TRAITS } from "../words.ts";

/** What may be decided about a deployment, and by whom it was decided before. Pure. */

export interface Facts {
  deployment: Pick<DeploymentRow, "id" | "status" | "waiting" | "previousVersion" | "cancelRequested" | "version">;
  steps: readonly Pick<StepRow, "index" | "kind" | "status" | "title">[];
  /** answer to what it waits for now */
  answer: DecisionRow | null;
  /** the last one of all */
  newest: DecisionRow | null;
  /** it has ended, and what it brought is what runs and can be rolled back */
  canReturn: boolean;
  at: Date;
}

export interface Wish {
  decision: Decision;
  scope: "step" | "all";
  actor: { kind: string; id: string };
}

/** To be written down, or the same as what the same person decided already. */
export type Ruling = { kind: "write"; stepIndex: number | null; waitingId: string | null } | { kind: "same" };

/** Whoever answers so soon after an answer means the question that is gone, not what came after it. */
const JUST_NOW_MS = 10_000;

const WORDS: Record<Decision, string> = {
  promote: "promote it",
  retry: "retry the step",
  rollback: "roll back",
  abort: "abort it",
  pause: "pause it",
  resume: "resume it",
};

/** `decided to promote it all the way` */
export const inWords = (decision: Decision, scope: "step" | "all" = "step"): string =>
  `decided to ${WORDS[decision]}${decision === "promote" && scope === "all" ? " all the way" : ""}`;

/**
 * @throws CONFLICT (`details.decision`, `details.by`) when somebody else decided first, PRECONDITION
 * (`details.allowed`) when the deployment cannot act on it now.
 */
export function rule(facts: Facts, wish: Wish): Ruling {
  const { deployment, steps } = facts;
  const earlier = earlierDecision(facts, wish);
  if (earlier && isSame(earlier, wish)) return { kind: "same" };
  if (earlier) throw decidedAlready(deployment, earlier);
  const allowed = allowedNow(facts, wish.scope);
  if (!allowed.includes(wish.decision)) {
    // acted on already, as a second promote after the end
    if (!deployment.waiting && facts.newest && isSame(facts.newest, wish)) return { kind: "same" };
    throw notNow(facts, wish, allowed);
  }
  const current = steps.find((step) => step.status === "running" || step.status === "waiting");
  const { waiting } = deployment;
  return { kind: "write", stepIndex: waiting?.stepIndex ?? current?.index ?? null, waitingId: waiting?.id ?? null };
}

/** What decide_deployment accepts now, as far as the deployment itself is concerned. */
export function allowedNow(
  { deployment, steps, newest, canReturn }: Omit<Facts, "at">,
  scope: "step" | "all",
): Decision[] {
  const { status, waiting, previousVersion } = deployment;
  const back: Decision[] = canReturn ? ["rollback"] : [];
  if (!isActive(status)) return waiting ? waiting.options.filter((option) => option !== "rollback" || canReturn) : back;
  if (waiting) return waiting.options;
  if (status === "queued") return ["abort"];
  if (status !== "running") return [];
  const allowed: Decision[] = previousVersion === null ? ["abort"] : ["rollback", "abort"];
  allowed.push(newest?.decision === "pause" ? "resume" : "pause");
  const promotable = steps.some(
    ({ kind, status: state }) =>
      STEP_TRAITS[kind].compares && (state === "running" || (scope === "all" && state === "pending")),
  );
  if (promotable) allowed.push("promote");
  return allowed;
}

/** What to offer: what is accepted for the step that runs, and nothing once it is decided and not acted on yet. */
export function offeredNow(facts: Omit<Facts, "at">): Decision[] {
  const { deployment, answer, newest } = facts;
  if (deployment.waiting) return answer ? [] : allowedNow(facts, "step");
  const isDecided =
    isActive(deployment.status) &&
    (newest?.decision === "rollback" || newest?.decision === "abort" || deployment.cancelRequested);
  return isDecided ? [] : allowedNow(facts, "step");
}

/** A decision that stands in the way of this one: it answered the same question, or it has not taken effect yet. */
function earlierDecision({ deployment, answer, newest, at }: Facts, wish: Wish): DecisionRow | null {
  const { decision, actor } = wish;
  if (deployment.waiting) return answer;
  if (!newest) return null;
  const active = isActive(deployment.status);
  if (active && (newest.decision === "rollback" || newest.decision === "abort")) return newest;
  if (active && newest.decision === "pause") return decision === "pause" ? newest : null;
  const justNow = at.getTime() - newest.at.getTime() < JUST_NOW_MS && !clockWasSetBack(newest.at, at);
  const answered = newest.waitingId !== null && justNow;
  const answers: readonly Decision[] = ["promote", "retry", "resume"];
  if (!answered || !answers.includes(decision)) return null;
  return isSame(newest, wish) || newest.actorId !== actor.id ? newest : null;
}

const isSame = (earlier: DecisionRow, { decision, scope, actor }: Wish): boolean =>
  earlier.decision === decision &&
  earlier.scope === scope &&
  earlier.actorId === actor.id &&
  earlier.actorKind === actor.kind;

export function decidedAlready({ id }: Pick<DeploymentRow, "id">, earlier: DecisionRow): AppError {
  const { decision, scope, actorName, at, reason } = earlier;
  return new AppError(
    "CONFLICT",
    `${actorName} has already ${inWords(decision, scope)} at ${utcClock(at)}${reason ? `: ${reason}` : ""}. Look at the deployment again.`,
    { details: { deploymentId: id, decision, by: actorName, at: at.toISOString() } },
  );
}

function notNow({ deployment, steps }: Facts, { decision }: Wish, allowed: Decision[]): AppError {
  const { id, status, waiting, previousVersion, version } = deployment;
  const details = { deploymentId: id, status, allowed };
  const refused = (message: string) => new AppError("PRECONDITION", message, { details });
  const way = allowed.length > 0 ? ` Possible now: ${allowed.join(", ")}.` : "";
  if (!isActive(status) && !waiting)
    return refused(`${id} has ended (${status.replace("_", " ")}); there is nothing left to ${decision}.${way}`);
  if (status === "rolling_back")
    return refused(`${id} is already going back to ${previousVersion ?? "the version before"}; let it end.`);
  if (decision === "rollback" && previousVersion === null)
    return refused(`There is no version before ${version} that it could go back to.${way}`);
  if (decision === "resume") return refused(`${id} is not paused.${way}`);
  if (waiting) return refused(`${id} waits for a decision (${waiting.reason}) and cannot ${WORDS[decision]}.${way}`);
  const current = steps.find((step) => step.status === "running");
  const busy = current ? ` now: ${current.title}` : "";
  return refused(
    decision === "promote"
      ? `Nothing waits to be promoted${busy}. Promote while the judge compares, or with scope all.${way}`
      : `${id} is ${status}${busy}, and cannot ${WORDS[decision]}.${way}`,
  );
}
