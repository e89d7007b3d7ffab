import { productionEnvironments } from "../config-deployment.ts";
import type { Runtime } from "../kernel/context.ts";
import { type AutomaticWork, noteOn, noteStory, openOrAdd } from "./automatic.ts";
import { deploymentSeverity } from "./severity.ts";
import { failureKey, isKnownEvent, listUnresolved } from "./store.ts";

export interface DeploymentRef {
  deploymentId: string;
  service: string;
  environment: string;
  version: string;
}

const job = "deployments";

/**
 * Writes what a deployment does on the timeline of every unresolved incident of its service, once per key; `why`, which
 * the message holds, is left out where the incident's description has it.
 */
export async function onDeploymentChange(
  runtime: Runtime,
  deployment: DeploymentRef,
  phase: "started" | "succeeded" | "failed" | "rolled_back" | "cancelled",
  message: string,
  why = "",
): Promise<void> {
  await runtime.db.$transaction(async (tx) => {
    // a failure that opened an incident has the plain key: how that one ended is another entry
    const key = `deployment-${phase === "failed" ? "ended-badly" : phase}:${deployment.deploymentId}`;
    await noteEverywhere({ runtime, tx, job, key, at: runtime.now() }, deployment, phase, message, { why });
  });
}

interface FailureStory {
  reason: string;
  rolledBack: boolean;
  /** what happened, in full sentences: the description of an incident that is opened */
  summary: string;
  /** it had succeeded, and was found to be worse later */
  afterwards: boolean;
  /** first entry of an incident that is opened, which does not repeat the description */
  opened: string;
  /** entries of the deployment's record, each with its own time */
  story: readonly { key: string; at: Date; message: string }[];
}

const bare = (text: string): string => text.replace(/(?<![.\s])[.\s]+$/, "");

async function noteEverywhere(
  work: AutomaticWork,
  { service, environment, deploymentId, version }: DeploymentRef,
  phase: string,
  message: string,
  { why = "", ownKey = null }: { why?: string; ownKey?: string | null } = {},
): Promise<void> {
  const reason = bare(why);
  for (const incident of await listUnresolved(work.tx, { service, environment })) {
    // the incident of this failure has an entry of its own
    if (incident.causeKey !== null && incident.causeKey === ownKey) continue;
    const known = reason !== "" && incident.description.includes(reason);
    const words = known ? message.replaceAll(`: ${reason}`, "") : message;
    await noteOn(work, incident, { kind: "deployment", message: words, detail: { deploymentId, version, phase } });
  }
}

/**
 * A deployment failed: opens an incident, one per service, environment and version while it is unresolved, and says so
 * on the timeline of the service's other incidents. Safe to repeat.
 */
export async function onDeploymentFailed(runtime: Runtime, deployment: DeploymentRef & FailureStory): Promise<void> {
  const { deploymentId, service, environment, version, reason, rolledBack, summary, opened, story } = deployment;
  await runtime.db.$transaction(
    async (tx) => {
      const key = failureKey(deploymentId);
      const causeKey = `deployment:${service}/${environment}:${version}`;
      if (await isKnownEvent(tx, key)) return;
      const work = { runtime, tx, job, key, at: runtime.now() };
      const detail = { deploymentId, version, phase: rolledBack ? "rolled_back" : "failed" };
      await noteEverywhere({ ...work, key: `deployment-ended:${deploymentId}` }, deployment, detail.phase, summary, {
        ownKey: causeKey,
      });
      const incident = await openOrAdd(
        work,
        {
          title: deployment.afterwards
            ? `${service} ${version} in ${environment} got worse after its deployment`
            : `Deployment of ${service} ${version} to ${environment} failed`,
          description: summary.includes(bare(reason)) ? summary : `${summary}\n\nReason: ${reason}`,
          severity: deploymentSeverity(environment, rolledBack, productionEnvironments(runtime.config)),
          assignee: null,
          ...{ service, environment, deploymentId, source: "deployment" },
          causeKey,
        },
        { kind: "deployment", message: summary, detail },
        { kind: "deployment", message: opened, detail },
      );
      await noteStory(work, incident, deploymentId, story);
    },
    { timeout: 15_000, maxWait: 10_000 },
  );
}
