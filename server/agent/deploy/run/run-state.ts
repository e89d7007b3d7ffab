import type { ClockReading } from "../../kernel/clock.ts";
import type { DecisionRow } from "../record/store-decisions.ts";
import type { Decision } from "../schema.ts";
import type { DeploymentPlan, Interruption } from "./procedure.ts";

/** What was decided and by whom, as the procedure hears it. */
export type InboxDecision = Pick<
  DecisionRow,
  "seq" | "decision" | "scope" | "reason" | "actorName" | "stepIndex" | "waitingId"
>;

/** What people asked for since it listened last. */
export interface Inbox extends ClockReading {
  cancelRequested: boolean;
  /** oldest first */
  decisions: InboxDecision[];
}

/** What the procedure keeps in mind; made of remembered results only, so a second run of the body comes to the same. */
export interface RunState {
  /** `seq` of the last decision that was acted on */
  readUpTo: number;
  /** by the run's own clock; moves on by the time people and the judge take */
  deadlineAt: number;
  /** percent of the requests the new version was given; null before the traffic was split and after the old set went */
  weight: number | null;
  /** instances of the new version there are to be by now */
  up: number;
  /** numbers of the instances that were started; each makes a key of its own */
  started: Set<number>;
  /** instances it started that are not ready yet, and when they were started */
  awaited: Map<string, number>;
  /** questions it has asked */
  asked: number;
  /** who accepted all that the judge has still to say */
  promotedBy: string | null;
  /** a pause that waits for the end of the step */
  pause: InboxDecision | null;
  cancelledBy: string | null;
  /** the incidents know already that it failed */
  reported: boolean;
}

export const newRunState = ({ deadlineAt }: Pick<DeploymentPlan, "deadlineAt">): RunState => ({
  readUpTo: 0,
  deadlineAt,
  weight: null,
  up: 0,
  started: new Set(),
  awaited: new Map(),
  asked: 0,
  promotedBy: null,
  pause: null,
  cancelledBy: null,
  reported: false,
});

/** What a step can do with a decision nobody was asked for; going back is acted on by every step. */
export interface InterruptRules {
  /** it stops for a pause in the middle; others pause when they end */
  pause: boolean;
  /** it can be accepted as it is */
  promote: boolean;
}

/** Takes in what was decided; what the step must act on comes back, the rest is kept in mind for later. */
export function interruptionIn(
  state: RunState,
  inbox: Inbox,
  interruptRules: InterruptRules,
  stepIndex: number,
): Interruption | null {
  for (const decision of inbox.decisions) {
    if (decision.seq <= state.readUpTo) continue;
    state.readUpTo = decision.seq;
    const interruption = interruptionBy(state, decision, interruptRules, stepIndex);
    if (interruption) return interruption;
  }
  if (inbox.cancelRequested) return { kind: "cancel" };
  if (!interruptRules.pause || !state.pause) return null;
  const { pause } = state;
  state.pause = null;
  return { kind: "decision", decision: pause };
}

function interruptionBy(
  state: RunState,
  decision: InboxDecision,
  interruptRules: InterruptRules,
  stepIndex: number,
): Interruption | null {
  switch (decision.decision) {
    case "abort":
      state.cancelledBy = decision.actorName;
      return { kind: "cancel" };
    case "rollback":
      return { kind: "decision", decision };
    case "pause":
      state.pause = decision;
      return null;
    case "resume":
      state.pause = null;
      return null;
    case "promote":
      if (decision.scope === "all") state.promotedBy = decision.actorName;
      // one that was meant for a step that has passed meanwhile says nothing about this one
      return interruptRules.promote && (decision.stepIndex ?? stepIndex) === stepIndex
        ? { kind: "decision", decision }
        : null;
    case "retry":
      return null;
  }
}

export interface Answer {
  /** null: nobody answered in time */
  decision: Exclude<Decision, "pause"> | null;
  by: string;
  reason: string;
  /** milliseconds since 1970 */
  at: number;
}

/** The first of the decisions that answers a question with these options. */
export function answerIn(state: RunState, inbox: Inbox, options: readonly Decision[]): Answer | null {
  for (const { seq, decision, scope, actorName, reason } of inbox.decisions) {
    if (seq <= state.readUpTo) continue;
    state.readUpTo = seq;
    if (decision === "pause" || !options.includes(decision)) continue;
    if (decision === "promote" && scope === "all") state.promotedBy = actorName;
    if (decision === "abort") state.cancelledBy = actorName;
    return { decision, by: actorName, reason, at: inbox.at };
  }
  return inbox.cancelRequested ? { decision: "abort", by: "somebody", reason: "", at: inbox.at } : null;
}

/** The lowest `count` numbers no instance was started under. */
export function freeSlots({ started }: Pick<RunState, "started">, count: number): number[] {
  const free: number[] = [];
  for (let slot = 0; free.length < count; slot++) if (!started.has(slot)) free.push(slot);
  return free;
}
