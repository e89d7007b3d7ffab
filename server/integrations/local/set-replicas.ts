import {
  type InstanceControl,
  isLeaving,
  type PlatformInstance,
  type ReplicaCount,
  type SetReplicasInput,
  type Workloads,
} from "../../agent/ports/workloads.ts";

/** as long as a deployment waits by default for the requests of an instance that leaves */
const DRAIN_MS = 30_000;

/** Per version, in the order in which they are first met: instances that are not on their way out, and those of them that are ready. */
export function replicasOf(instances: readonly PlatformInstance[]): ReplicaCount[] {
  const counts = new Map<string, ReplicaCount>();
  for (const one of instances) {
    const count = counts.get(one.version) ?? { version: one.version, desired: 0, ready: 0 };
    counts.set(one.version, count);
    if (!isLeaving(one)) count.desired += 1;
    if (one.state === "ready") count.ready += 1;
  }
  return [...counts.values()];
}

/** Who leaves so that `replicas` stay: those that are not ready first, then the newest. */
export function surplusReplicas(staying: readonly PlatformInstance[], replicas: number): PlatformInstance[] {
  const readyLast = (one: PlatformInstance) => (one.state === "ready" ? 1 : 0);
  // instances are listed oldest first, which decides between those of one moment
  const leavingFirst = [...staying]
    .reverse()
    .sort((a, b) => readyLast(a) - readyLast(b) || Date.parse(b.createdAt) - Date.parse(a.createdAt));
  return leavingFirst.slice(0, Math.max(0, staying.length - replicas));
}

/** Numbers of replicas where single instances are controlled: what is missing is started, what is too much drained and stopped. */
export async function setReplicas(
  { instances, getService }: Pick<Workloads, "getService"> & { instances: InstanceControl },
  { version, replicas, key, ...ref }: SetReplicasInput,
): Promise<void> {
  const own = (await getService(ref)).instances.filter((one) => one.version === version);
  const staying = own.filter((one) => !isLeaving(one));
  const taken = new Set(own.map((one) => one.key));
  const free = Array.from({ length: own.length + replicas }, (_, i) => `${key}:${i}`).filter((one) => !taken.has(one));
  for (const next of free.slice(0, Math.max(0, replicas - staying.length)))
    await instances.start({ ...ref, version, key: next });
  const leaving = surplusReplicas(staying, replicas);
  await Promise.all(leaving.map(({ id }) => instances.drain({ instanceId: id, timeoutMs: 0 })));
  for (const { id } of [...leaving, ...own.filter((one) => one.state === "draining")]) {
    // goes on after the return; one that fails is seen in the status as still draining, and the next call stops it
    instances.stop({ instanceId: id, drainTimeoutMs: DRAIN_MS }).catch(() => undefined);
  }
}
