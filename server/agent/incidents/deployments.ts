import { catalogOf } from "../catalog/catalog.ts";
import type { Runtime } from "../kernel/context.ts";
import type { DeploymentFailure, TimelineEventOf } from "../timeline/schema.ts";
import { type AutomaticWork, noteOn, noteStory, openOrAdd } from "./automatic.ts";
import { causeOf } from "./cause.ts";
import { deploymentSeverity } from "./severity.ts";
import { failureKey, isKnownEvent, listUnresolved } from "./store.ts";

type DeploymentEvent = TimelineEventOf<
  "deployment.started" | "deployment.waiting" | "deployment.ended" | "deployment.regressed"
>;

/** What an entry of an incident says of a deployment. */
interface Entry {
  phase: "started" | "succeeded" | "failed" | "rolled_back" | "cancelled";
  message: string;
  /** which the message holds; it is left out where the incident's description has it */
  why: string;
}

/**
 * Follows deployments: one that fails opens an incident, one per service, environment and version while it is
 * unresolved; whatever else they do is written on the unresolved incidents of their service. Safe to repeat.
 */
export async function onDeploymentEvent(runtime: Runtime, event: DeploymentEvent): Promise<void> {
  const cause = causeOf(event);
  if (!cause) return;
  await runtime.db.$transaction(
    async (tx) => {
      const key = failureKey(event.subject);
      const work = { runtime, tx, job: "deployments", key, at: event.at };
      const failure = failureOf(event);
      if (cause.effect !== "open" || !failure) return change(work, event);
      if (!(await isKnownEvent(tx, key))) await fail(work, event, failure, cause.key);
    },
    { timeout: 15_000, maxWait: 10_000 },
  );
}

const failureOf = (event: DeploymentEvent): DeploymentFailure | null =>
  event.kind === "deployment.started" ? null : event.detail.failure;

async function change(work: AutomaticWork, event: DeploymentEvent): Promise<void> {
  const entry: Entry =
    event.kind === "deployment.ended"
      ? { phase: event.detail.ending, message: event.detail.summary, why: event.detail.why }
      : { phase: "started", message: event.title, why: "" };
  // a failure that opened an incident has the plain key: how that one ended is another entry
  const phase = entry.phase === "failed" ? "ended-badly" : entry.phase;
  await noteEverywhere({ ...work, key: `deployment-${phase}:${event.subject}` }, event, entry, null);
}

const bare = (text: string): string => text.replace(/(?<![.\s])[.\s]+$/, "");

/** On every unresolved incident of the service but its own, which has an entry of its own. */
async function noteEverywhere(
  work: AutomaticWork,
  { service, environment, subject, detail }: DeploymentEvent,
  { phase, message, why }: Entry,
  ownKey: string | null,
): Promise<void> {
  const { version } = detail;
  const reason = bare(why);
  for (const incident of await listUnresolved(work.tx, { service, environment })) {
    if (incident.causeKey !== null && incident.causeKey === ownKey) continue;
    const known = reason !== "" && incident.description.includes(reason);
    const words = known ? message.replaceAll(`: ${reason}`, "") : message;
    const about = { deploymentId: subject, version, phase };
    await noteOn(work, incident, { kind: "deployment", message: words, detail: about });
  }
}

async function fail(
  work: AutomaticWork,
  event: DeploymentEvent,
  { reason, rolledBack, summary, opened, story }: DeploymentFailure,
  causeKey: string,
): Promise<void> {
  const { runtime, tx } = work;
  const { service, environment, subject: deploymentId } = event;
  const { version } = event.detail;
  const phase = rolledBack ? "rolled_back" : "failed";
  const detail = { deploymentId, version, phase };
  const ended = { ...work, key: `deployment-ended:${deploymentId}` };
  await noteEverywhere(ended, event, { phase, message: summary, why: "" }, causeKey);
  const incident = await openOrAdd(
    work,
    {
      title:
        event.kind === "deployment.regressed"
          ? `${service} ${version} in ${environment} got worse after its deployment`
          : `Deployment of ${service} ${version} to ${environment} failed`,
      description: summary.includes(bare(reason)) ? summary : `${summary}\n\nReason: ${reason}`,
      severity: deploymentSeverity(environment, rolledBack, catalogOf(runtime.config).production),
      assignee: null,
      ...{ service, environment, deploymentId, source: "deployment", causeKey },
    },
    { kind: "deployment", message: summary, detail },
    { kind: "deployment", message: opened, detail },
  );
  await noteStory(work, incident, deploymentId, story);
  // its page names the incident
  await runtime.live.publish(tx, "deployment", deploymentId);
}
