import type { Tx } from "../../kernel/context.ts";
import { describeSeconds } from "../../text/durations.ts";
import type { DeploymentFailure } from "../../timeline/schema.ts";
import { type DeploymentRow, listEvents } from "./store.ts";

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
 * A failure with the deployment's own record as the story: what began, what the judge saw, when it turned back. The
 * reason stands in the summary alone; the story says nothing of it again.
 */
export async function failureOf(
  tx: Tx,
  { id, startedAt }: Pick<DeploymentRow, "id" | "startedAt">,
  { reason, rolledBack, summary, afterwards = false }: Failure,
  at: Date,
): Promise<DeploymentFailure> {
  const events = (await listEvents(tx, id)).filter(({ kind }) => kind !== "instance");
  const kept = events.length > MOST_ENTRIES ? [...events.slice(0, 1), ...events.slice(1 - MOST_ENTRIES)] : events;
  const story = storyOf(kept, reason, summary).map((entry) => ({ ...entry, at: entry.at.toISOString() }));
  const seconds = Math.max(1, Math.round((at.getTime() - (startedAt ?? at).getTime()) / 1_000));
  const end = afterwards ? "got worse" : rolledBack ? "was rolled back" : "failed";
  const opened = `Opened ${describeSeconds(seconds)} after the deployment began, because it ${end}`;
  return { reason, rolledBack, summary, opened, story };
}

/** Entries of the record without what is said elsewhere: a message twice, the summary, the reason that is in it. */
function storyOf<E extends { key: string; at: Date; message: string }>(
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
