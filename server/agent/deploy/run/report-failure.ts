import { onDeploymentFailed } from "../../incidents/index.ts";
import type { Runtime } from "../../kernel/context.ts";
import { describeSeconds } from "../../text/durations.ts";
import { listEvents } from "../record/store.ts";
import type { DeploymentPlan } from "./procedure.ts";

/** The beginning and what came last say more than what lies between. */
const MOST_ENTRIES = 30;

const FAILED_HERE = "It failed, as the description says";

interface Failure {
  reason: string;
  rolledBack: boolean;
  /** how it stands, in full sentences */
  summary: string;
  /** by the watch over a deployment that had succeeded */
  afterwards?: boolean;
}

/**
 * Tells the incidents that a deployment failed, with its own record as the story: what began, what the judge saw, when
 * it turned back. The reason stands in the description alone; the story says nothing of it again. Safe to repeat.
 */
export async function reportFailure(
  runtime: Runtime,
  plan: Pick<DeploymentPlan, "deploymentId" | "service" | "environment" | "version" | "startedAt">,
  { reason, rolledBack, summary, afterwards = false }: Failure,
): Promise<void> {
  const events = (await listEvents(runtime.db, plan.deploymentId)).filter(({ kind }) => kind !== "instance");
  const kept = events.length > MOST_ENTRIES ? [...events.slice(0, 1), ...events.slice(1 - MOST_ENTRIES)] : events;
  const told = storyOf(kept, reason, summary);
  const seconds = Math.max(1, Math.round((runtime.now().getTime() - plan.startedAt) / 1_000));
  const end = afterwards ? "got worse" : rolledBack ? "was rolled back" : "failed";
  const opened = `Opened ${describeSeconds(seconds)} after the deployment began, because it ${end}`;
  const { deploymentId, service, environment, version } = plan;
  const ref = { deploymentId, service, environment, version };
  await onDeploymentFailed(runtime, { ...ref, reason, rolledBack, summary, afterwards, opened, story: told });
}

/** Entries of the record without what is said elsewhere: a message twice, the summary, the reason that is in it. */
export function storyOf<E extends { key: string; at: Date; message: string }>(
  events: readonly E[],
  reason: string,
  summary: string,
): { key: string; at: Date; message: string }[] {
  const said = new Set([summary]);
  let explained = summary.includes(reason);
  return events.flatMap(({ key, at, message }) => {
    if (said.has(message)) return [];
    said.add(message);
    const again = explained && reason !== "" && message.includes(reason);
    explained ||= reason !== "" && message.includes(reason);
    const rest = again ? message.replaceAll(reason, "").replace(/(?<![\s:;,.])[\s:;,.]+$/, "") : message;
    // the moment of the failure is worth an entry, its reason is not
    const words = rest === "" ? FAILED_HERE : rest;
    if (again && said.has(words)) return [];
    said.add(words);
    return [{ key, at, message: words }];
  });
}
