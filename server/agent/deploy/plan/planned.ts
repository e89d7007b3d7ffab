import type { Disk } from "../../kernel/storage/disk.ts";
import type { Freeze } from "../../policy/index.ts";
import type { RolloutRules } from "../config.ts";
import type { DeploymentRow } from "../record/store.ts";
import type { StepPlan } from "./planned-steps.ts";
import type { ServiceContext } from "./service-context.ts";

/** A deployment as it would be made, and the moment it would begin at. Pure. */

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
  /** of the service and of what it depends on */
  surroundings: ServiceContext;
  /** of the data directory; null: not known here */
  disk: Disk | null;
  /** of the policy: worth knowing, no reason to refuse */
  notes: string[];
}

/** The strategy that its steps are really of: without a version before it every one comes down to rolling. */
export const effectiveStrategy = ({ strategy, previousVersion }: Pick<Planned, "strategy" | "previousVersion">) =>
  previousVersion === null ? "rolling" : strategy;

/** Seconds until the new version was asked often enough to be judged; 0 while the rate is not known. */
export function waitForRequests({ analysis }: RolloutRules, share: number, perSecond: number | null): number {
  if (perSecond === null) return 0;
  const own = (perSecond * share) / 100;
  return own === 0 ? Number.POSITIVE_INFINITY : analysis.minRequests / own;
}
