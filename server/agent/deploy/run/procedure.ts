import type { StepPlan } from "../plan/planned-steps.ts";
import type { DeploymentOptions } from "../record/store.ts";
import type { DecisionRow } from "../record/store-decisions.ts";
import type { ObservedInstance } from "./rolling.ts";

/** What the parts of the deployment procedure tell each other. All of it is made of remembered results. */

/** Somebody stepped in: cancelled, or decided something the step must checkInterrupt. */
export type Interruption =
  | { kind: "cancel" }
  | { kind: "decision"; decision: Pick<DecisionRow, "seq" | "decision" | "scope" | "reason" | "actorName"> }
  /** nobody did, but an instance of the new version will not come back by itself */
  | { kind: "broken"; instance: ObservedInstance; reason: string };

export type StepOutcome =
  | { kind: "passed"; note: string }
  /** `instance` is the one to blame, when there is one */
  | { kind: "failed"; reason: string; instance: ObservedInstance | null }
  /** nothing failed, and yet it cannot be said to be good: a person has to decide */
  /** `since`: from when on requests were compared, milliseconds since 1970; a further try compares them, too */
  | { kind: "undecided"; reason: string; since?: number }
  | { kind: "interrupted"; by: Interruption };

/** Looks whether somebody stepped in since it was asked last. A durable step in itself. */
export type CheckInterrupt = () => Promise<Interruption | null>;

/** What one judgement came to, as the durable procedure remembers it. */
export interface Judgement {
  /** milliseconds since 1970 */
  at: number;
  verdict: "pass" | "fail" | "inconclusive" | "error";
  /** not enough requests yet: counts towards no limit */
  tooLittle: boolean;
  /** the new version had too few to say anything, none against it; left out in what was recorded before it was told apart */
  fewRequests?: boolean;
  score: number | null;
  sentence: string;
  candidateRequests: number;
  candidateErrors: number;
}

export type PlannedStep = Omit<StepPlan, "seconds"> & { index: number };

/** What the procedure goes by: fixed when it begins. */
export interface DeploymentPlan {
  deploymentId: string;
  service: string;
  environment: string;
  kind: "deploy" | "rollback";
  strategy: "rolling" | "blue-green" | "canary" | "restore";
  version: string;
  previousVersion: string | null;
  /** limits, and under `rules` the rollout rules as they were when it was asked for */
  options: DeploymentOptions;
  steps: PlannedStep[];
  /** milliseconds since 1970 */
  startedAt: number;
  deadlineAt: number;
}
