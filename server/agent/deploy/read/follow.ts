import { setTimeout as delay } from "node:timers/promises";
import { isIncidentDue } from "../../incidents/index.ts";
import type { AgentContext } from "../../kernel/context.ts";
import { type DeploymentRow, getDeploymentRow, isActive } from "../record/store.ts";
import { listSteps, type StepRow } from "../record/store-steps.ts";

/** Told while somebody waits: `done` of `total` steps, a fraction for the one that runs; it only ever grows. */
export type Progress = (done: number, total: number, message: string) => Promise<void>;

export interface Following {
  /** fires when nobody waits for the answer any more */
  signal?: AbortSignal | undefined;
  progress?: Progress | undefined;
}

const LOOK_MS = 500;
/** how long what happened may be on its way to the incidents before it is told without one */
const INCIDENT_MS = 2_000;

/** Waits until the status, the step or the question of a deployment changes, it has ended, or the time is up. */
export async function followDeployment(
  ctx: AgentContext,
  deploymentId: string,
  seconds: number,
  { signal, progress }: Following,
): Promise<void> {
  const until = performance.now() + seconds * 1_000;
  let first: string | null = null;
  let told = -1;
  while (!signal?.aborted) {
    const [row, steps] = await Promise.all([getDeploymentRow(ctx.db, deploymentId), listSteps(ctx.db, deploymentId)]);
    const done = progressOf(steps, ctx.now());
    if (done > told) {
      told = done;
      await progress?.(done, steps.length, row.summary);
    }
    const picture = pictureOf(row, steps);
    first ??= picture;
    const left = until - performance.now();
    if (left <= 0) return;
    if (picture !== first || !isActive(row.status))
      return untilIncident(ctx, deploymentId, Math.min(left, INCIDENT_MS), signal);
    await delay(Math.min(LOOK_MS, left), undefined, { signal }).catch(() => undefined); // the loop ends when it fires
  }
}

/** The incident that a failure opens comes by way of the time line. */
async function untilIncident(
  { db }: AgentContext,
  deploymentId: string,
  withinMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const until = performance.now() + withinMs;
  while (!signal?.aborted && performance.now() < until && (await isIncidentDue(db, deploymentId)))
    await delay(100, undefined, { signal }).catch(() => undefined); // the loop ends when it fires
}

/** What matters to somebody who follows. */
const pictureOf = ({ status, waiting }: DeploymentRow, steps: readonly StepRow[]): string =>
  JSON.stringify([status, waiting?.id, steps.map((step) => [step.status, step.attempt])]);

/** Steps that are over, and of the one that runs a fraction that grows with its time and never reaches 1. */
export function progressOf(steps: readonly Pick<StepRow, "status" | "startedAt">[], at: Date): number {
  const over = steps.filter(({ status }) => status === "passed" || status === "failed" || status === "skipped").length;
  const startedAt = steps.find(({ status }) => status === "running" || status === "waiting")?.startedAt;
  if (!startedAt) return over;
  const seconds = Math.max(0, at.getTime() - startedAt.getTime()) / 1_000;
  return over + Math.round((seconds / (seconds + 10)) * 1_000) / 1_000;
}
