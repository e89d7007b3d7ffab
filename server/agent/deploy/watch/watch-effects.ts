import { systemActor } from "../../kernel/actor.ts";
import { clockWasSetBack, readClock } from "../../kernel/clock.ts";
import type { Runtime, Tx } from "../../kernel/context.ts";
import { AppError } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { ROLLED_BACK_BY_WATCH } from "../../kernel/watch-words.ts";
import { clipText } from "../../text/clip-text.ts";
import { listTraffic } from "../../traffic/index.ts";
import { judgeEvidence, keep, keepFault, summaryOf } from "../analysis/analysis-effects.ts";
import { dependentsOf } from "../analysis/collect.ts";
import { startOf, withoutStalled } from "../analysis/counted-rows.ts";
import { withPending } from "../judge/pending.ts";
import { recordRegression } from "../record/on-timeline.ts";
import { noteIn } from "../record/record.ts";
import { getDeploymentRow, lockDeployment } from "../record/store.ts";
import { startRollback } from "../request/rollback.ts";
import type { DeploymentPlan, Judgement } from "../run/procedure.ts";
import type { Waiting } from "../schema.ts";

/** What the watch goes by: fixed when it begins. */
export interface WatchPlan
  extends Pick<
    DeploymentPlan,
    "deploymentId" | "service" | "environment" | "version" | "previousVersion" | "options" | "startedAt"
  > {
  /** milliseconds since 1970 */
  finishedAt: number;
  until: number;
  /** how long it goes without reading the clock; left out by former releases, whose watches must be replayed step by step */
  longestWaitMs?: number;
}

/** A restart between two readings counts at most five minutes: what was watched before it must be counted by then. */
const LONGEST_WAIT_MS = 60_000;

const BUCKET_MS = 10_000;
/** of the version before, until the deployment began; and of the new one, its newest */
const WINDOW_MS = 10 * 60_000;

const KEPT = { key: "watch", stepIndex: null, attempt: 1, kind: "watch" } as const;

export type WatchEffects = ReturnType<typeof watchEffects>;

/** What the watch over a deployment that went well does outside. Each may run twice. */
export const watchEffects = (runtime: Runtime) => ({
  begin: (id: string) => begin(runtime, id),
  state: (id: string) => state(runtime, id),
  judge: (plan: WatchPlan) => judgeNow(runtime, plan),
  pass: (plan: WatchPlan, sentence: string) => pass(runtime, plan, sentence),
  undecided: (plan: WatchPlan, sentence: string) => undecided(runtime, plan, sentence),
  regress: (plan: WatchPlan, sentence: string) => regress(runtime, plan, sentence),
  ask: (plan: WatchPlan, sentence: string) => ask(runtime, plan, sentence),
  rollBack: (plan: WatchPlan, reason: string) => rollBack(runtime, plan, reason),
});

/** Null when there is nothing to watch: it was superseded, or ended long ago. */
async function begin(runtime: Runtime, id: string): Promise<WatchPlan | null> {
  const row = await getDeploymentRow(runtime.db, id);
  const { service, environment, version, previousVersion, options, startedAt, finishedAt, watchUntil } = row;
  if (row.watchState !== "watching" || !startedAt || !finishedAt || !watchUntil) return null;
  const times = { startedAt: startedAt.getTime(), finishedAt: finishedAt.getTime(), until: watchUntil.getTime() };
  const longestWaitMs = LONGEST_WAIT_MS;
  return { deploymentId: id, service, environment, version, previousVersion, options, ...times, longestWaitMs };
}

/** Whether it is still to be watched, and what was decided about its question. */
async function state(runtime: Runtime, id: string) {
  const { watchState, waiting } = await getDeploymentRow(runtime.db, id);
  const expiresAt = waiting === null ? null : Date.parse(waiting.expiresAt);
  return { ...readClock(runtime), watching: watchState === "watching", expiresAt };
}

/** The new version's newest minutes against the old one's before the deployment. Other minutes may differ by themselves. */
async function judgeNow(runtime: Runtime, plan: WatchPlan): Promise<Judgement> {
  const at = runtime.now();
  const { service, environment, version, previousVersion, startedAt, finishedAt } = plan;
  const newest = Math.floor(at.getTime() / BUCKET_MS) * BUCKET_MS;
  const begun = clockWasSetBack(finishedAt, at) ? 0 : Math.ceil(finishedAt / BUCKET_MS) * BUCKET_MS;
  const from = Math.max(begun, newest - WINDOW_MS);
  try {
    const since = new Date(startedAt - WINDOW_MS);
    const rows = await listTraffic(runtime.db, { since, resolution: 10, ref: { service, environment } });
    const before = rows.filter((row) => row.version === previousVersion && startOf(row) + BUCKET_MS <= startedAt);
    const after = rows.filter((row) => row.version === version && startOf(row) >= from);
    const [baseline, stored] = [withoutStalled(before), withoutStalled(after)];
    const pending = await pendingOf(runtime, plan, at);
    const last = stored.rows.length - 1;
    const candidate = stored.rows.map((row, i) => (pending && i === last ? { ...row, pending } : row));
    const evidence = {
      ...{ baseline: baseline.rows, candidate: withPending(candidate, baseline.rows) },
      beside: withoutStalled(rows.filter((row) => row.version === previousVersion && startOf(row) >= from)).rows,
      leftOut: { baseline: baseline.leftOut, candidate: stored.leftOut },
      dependents: await dependentsOf(runtime, plan, from),
      ...{ from, to: newest },
    };
    const { result, ...more } = judgeEvidence(runtime, plan, evidence);
    await keep(runtime, plan, KEPT, result, at);
    return summaryOf(at, result, more, evidence);
  } catch (error) {
    return keepFault(runtime, plan, KEPT, error, at);
  }
}

/** What is stored has ended: how long those wait that have not, by the platform. Undefined while it is away. */
async function pendingOf({ platform }: Runtime, { service, environment, version }: WatchPlan, at: Date) {
  const since = new Date(at.getTime() - BUCKET_MS);
  try {
    const samples = await platform.traffic.samplesSince({ service, environment, since });
    const newest = samples.findLast((row) => row.version === version);
    return newest?.stalled ? undefined : newest?.pending;
  } catch (error) {
    if (error instanceof AppError && (error.code === "UPSTREAM_UNAVAILABLE" || error.code === "NOT_FOUND"))
      return undefined;
    throw error;
  }
}

const ENDED = { passed: "ok", regressed: "error", undecided: "warning" } as const;

/** Ends the watch in one way, once; false when it had ended in another. */
async function endWatch(
  runtime: Runtime,
  { deploymentId }: WatchPlan,
  watchState: keyof typeof ENDED,
  message: string,
  record: (tx: Tx) => Promise<void> = async () => {},
): Promise<boolean> {
  return runtime.db.$transaction(async (tx) => {
    const before = await lockDeployment(tx, deploymentId);
    if (before.watchState !== "watching") {
      // a worker of the release before ended it so, and put nothing on the time line
      if (before.watchState === watchState) await record(tx);
      return before.watchState === watchState;
    }
    const event = { key: `watch-${watchState}`, level: ENDED[watchState], kind: "decision", message } as const;
    await noteIn(runtime, tx, deploymentId, event, { watchState, waiting: null });
    await record(tx);
    return true;
  });
}

const pass = (runtime: Runtime, plan: WatchPlan, sentence: string): Promise<boolean> =>
  endWatch(runtime, plan, "passed", `The watch is over, ${plan.version} held: ${sentence}`);

/** Nothing was found out: said as such, because nothing speaks for going back either. */
const undecided = (runtime: Runtime, plan: WatchPlan, sentence: string): Promise<boolean> => {
  const message = `The watch is over and could not decide whether ${plan.version} holds: ${sentence}`;
  return endWatch(runtime, plan, "undecided", message);
};

/** It got worse, and is rolled back by itself. False when somebody kept or replaced it meanwhile. */
async function regress(runtime: Runtime, plan: WatchPlan, sentence: string): Promise<boolean> {
  const message = `After it was done, ${plan.version} got worse: ${sentence}`;
  const told = { reason: sentence, rolledBack: true, summary: message };
  return endWatch(runtime, plan, "regressed", message, (tx) => recordRegression(runtime, tx, plan.deploymentId, told));
}

/** It got worse, and rollback is off: asks a person; without an answer it goes back. */
async function ask(runtime: Runtime, plan: WatchPlan, sentence: string): Promise<void> {
  const { deploymentId, version, options } = plan;
  const message = `After it was done, ${version} got worse: ${sentence}`;
  const told = { reason: sentence, rolledBack: false, summary: message };
  await runtime.db.$transaction(async (tx) => {
    const before = await lockDeployment(tx, deploymentId);
    // also when somebody answered meanwhile: that it got worse stays true
    await recordRegression(runtime, tx, deploymentId, told);
    if (before.watchState !== "watching" || before.waiting) return;
    const since = runtime.now();
    const waiting: Waiting = {
      id: `${deploymentId}:watch`,
      kind: "regressed",
      reason: sentence,
      since: since.toISOString(),
      expiresAt: new Date(since.getTime() + options.rules.decisionTimeoutSeconds * 1_000).toISOString(),
      options: ["promote", "rollback"],
      stepIndex: null,
    };
    await noteIn(
      runtime,
      tx,
      deploymentId,
      { key: "watch-asked", level: "error", kind: "decision", message },
      { waiting },
    );
  });
}

/** Starts the rollback in Operate's own name; false when something else is being deployed or nothing is known to be good. */
async function rollBack(runtime: Runtime, plan: WatchPlan, reason: string): Promise<boolean> {
  const actor = systemActor("deployment-watch");
  const by = { actor, via: "worker" as const, requestId: newId("req") };
  const rollback = await startRollback(runtime, { deploymentId: plan.deploymentId, by, reason: clipText(reason, 500) });
  await runtime.db.$transaction(async (tx) => {
    const message = rollback
      ? `${rollback.id} takes ${plan.service} back to ${rollback.version}`
      : "It was not rolled back: another deployment is under way, or no version before it is known to be good";
    const level = rollback ? "warning" : "error";
    const summary = rollback
      ? `${ROLLED_BACK_BY_WATCH} to ${rollback.version}: ${reason}`
      : `Succeeded, then got worse and was not rolled back: ${reason}`;
    const event = { key: "watch-rollback", level, kind: "decision", message } as const;
    await noteIn(runtime, tx, plan.deploymentId, event, { summary });
  });
  return rollback !== null;
}
