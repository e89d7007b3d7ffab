import type { Runtime } from "../../kernel/context.ts";
import { isLeaving } from "../../ports/workloads.ts";
import { note } from "../record/record.ts";
import type { DeploymentPlan } from "./procedure.ts";
import type { ObservedInstance } from "./rolling.ts";

/**
 * Starting and stopping on a platform that keeps numbers of replicas. Each number is counted from what was seen, and is
 * absolute: a step that is repeated asks for the same again.
 */

/** How many instances of a version there are and stay; those in `leaving` go. */
export const stayingOf = (
  seen: readonly ObservedInstance[],
  version: string,
  leaving: ReadonlySet<string> = new Set(),
) => seen.filter((one) => one.version === version && !isLeaving(one) && !leaving.has(one.id)).length;

/** What each version is to have once these are gone. */
export function replicasWithout(
  seen: readonly ObservedInstance[],
  leaving: readonly Pick<ObservedInstance, "id" | "version">[],
): Record<string, number> {
  const ids = new Set(leaving.map((one) => one.id));
  return Object.fromEntries(leaving.map(({ version }) => [version, stayingOf(seen, version, ids)]));
}

/** Whether the platform has let go all that are too many. */
export const hasFollowed = (seen: readonly ObservedInstance[], replicas: Readonly<Record<string, number>>): boolean =>
  Object.entries(replicas).every(([version, wanted]) => seen.filter((one) => one.version === version).length <= wanted);

/** Asks for a number of instances of one version. @throws what the platform throws */
export async function requestReplicas(
  runtime: Runtime,
  plan: DeploymentPlan,
  version: string,
  replicas: number,
): Promise<void> {
  const { service, environment, deploymentId } = plan;
  const key = `${deploymentId}:${version}`;
  await runtime.platform.workloads.setReplicas({ service, environment, version, replicas, key });
  const what = `${replicas} ${replicas === 1 ? "instance" : "instances"} of ${version}`;
  const event = { key: `replicas:${version}:${replicas}`, level: "info", kind: "instance" } as const;
  const words = { message: `Requested ${what}`, detail: { version } };
  await note(runtime, plan, { ...event, ...words }, { summary: `Waiting for the platform to run ${what}` });
}
