import type { Runtime, Tx } from "../../kernel/context.ts";
import { recordOnTimeline } from "../../timeline/index.ts";
import type { TimelineEventOf } from "../../timeline/schema.ts";
import { failureOf } from "./failure-story.ts";
import { type DeploymentRow, getDeploymentRow, withWatch } from "./store.ts";

/** What a deployment puts on the time line, each once, in the transaction that makes it so. */

export type Ending = TimelineEventOf<"deployment.ended">["detail"]["ending"];

/** How an end is told. */
export interface EndReport {
  /** how it ended, in full sentences */
  message: string;
  /** the reason that the message holds */
  why: string;
  /** why it failed; null when it did not, or has said so before */
  failure: string | null;
}

/** An end that is no failure, or whose failure no incident is opened for. */
export const toldAs = (message: string): EndReport => ({ message, why: "", failure: null });

const ofDeployment = ({ id, service, environment, kind, strategy, version, previousVersion }: DeploymentRow) => ({
  common: { service, environment, subject: id },
  detail: { kind, strategy, version, previousVersion },
  name: `Deployment of ${service} ${version} to ${environment}`,
});

/** `row` as it was inserted. */
export function recordRequest(tx: Tx, row: DeploymentRow): Promise<void> {
  const { common, detail, name } = ofDeployment(row);
  const key = `deployment-requested:${row.id}`;
  const title = `${name} was requested`;
  return recordOnTimeline(tx, {
    ...{ ...common, kind: "deployment.requested", key, at: row.createdAt, level: "info", title, detail },
  });
}

/** `row` as it is once it began. */
export function recordStart(tx: Tx, row: DeploymentRow): Promise<void> {
  const { common, detail, name } = ofDeployment(row);
  const at = row.startedAt ?? row.createdAt;
  const key = `deployment-started:${row.id}`;
  return recordOnTimeline(tx, {
    ...{ ...common, kind: "deployment.started", key, at, level: "info", title: `${name} started`, detail },
  });
}

/** A step failed and a person is asked; `number` says which of its questions it is. */
export async function recordQuestion(
  runtime: Runtime,
  tx: Tx,
  deploymentId: string,
  number: number,
  told: { reason: string; summary: string },
): Promise<void> {
  const row = await getDeploymentRow(tx, deploymentId);
  const { common, detail, name } = ofDeployment(row);
  const at = runtime.now();
  const failure = await failureOf(tx, row, { ...told, rolledBack: false }, at);
  const key = `deployment-waiting:${row.id}:${number}`;
  const title = `${name} failed and waits for a decision`;
  await recordOnTimeline(tx, {
    ...{ ...common, kind: "deployment.waiting", key, at, level: "warning", title, detail: { ...detail, failure } },
  });
}

/** The watch found that the version got worse. */
export async function recordRegression(
  runtime: Runtime,
  tx: Tx,
  deploymentId: string,
  told: { reason: string; rolledBack: boolean; summary: string },
): Promise<void> {
  const row = await getDeploymentRow(tx, deploymentId);
  const { common, detail } = ofDeployment(row);
  const at = runtime.now();
  const failure = await failureOf(tx, row, { ...told, afterwards: true }, at);
  const title = `${row.service} ${row.version} in ${row.environment} got worse after its deployment`;
  const key = `deployment-regressed:${row.id}`;
  await recordOnTimeline(tx, {
    ...{ ...common, kind: "deployment.regressed", key, at, level: "error", title, detail: { ...detail, failure } },
  });
}

const ENDED = { succeeded: "succeeded", rolled_back: "was rolled back", failed: "failed", cancelled: "was cancelled" };

export const levelOf = (ending: Ending) => (ending === "succeeded" ? "ok" : ending === "failed" ? "error" : "warning");

/** `row` as it is with its end, whose own entry is not part of the story. */
export async function recordEnd(
  tx: Tx,
  row: DeploymentRow,
  ending: Ending,
  at: Date,
  { message, why, failure: reason }: EndReport,
): Promise<void> {
  const { common, detail, name } = ofDeployment(row);
  const summary = withWatch(message, row);
  const failed = reason !== null && (ending === "failed" || ending === "rolled_back");
  const told = { reason: reason ?? "", rolledBack: ending === "rolled_back", summary };
  const failure = failed ? await failureOf(tx, row, told, at) : null;
  const startedAt = row.startedAt?.toISOString() ?? null;
  await recordOnTimeline(tx, {
    ...common,
    kind: "deployment.ended",
    key: `deployment-ended:${row.id}`,
    at,
    level: levelOf(ending),
    title: `${name} ${ENDED[ending]}`,
    detail: { ...detail, ending, startedAt, summary, why, failure },
  });
}
