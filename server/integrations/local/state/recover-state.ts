import type { Logger } from "pino";
import { AppError } from "#server/agent/kernel/errors.ts";
import type { MarkedProcess } from "../instance/orphans.ts";
import { identityOf } from "../instance/process.ts";
import { keyOf } from "../unit-directory.ts";
import type { InstanceRecord, LoadedState, ServiceRecord, StateFile } from "./state-file.ts";

interface Recovered {
  services: ServiceRecord[];
  /** a service that is missing never ran; false: nobody knows */
  complete: boolean;
  /** the highest that anything was written or started under */
  generation: number;
}

/**
 * What runs and is wanted, as it was written down, or else told by the processes themselves: a file that is gone,
 * broken or older than what serves costs no instance, and brings no version back that was replaced.
 * @throws PRECONDITION when the state cannot be read and nothing runs that tells it
 */
export function recoverState(
  file: Pick<StateFile, "load" | "setBrokenAside">,
  running: readonly MarkedProcess[],
  logger: Pick<Logger, "error">,
): Recovered {
  const loaded = file.load();
  const { services, origin, problem } = loaded;
  if (origin === "lost" && running.length === 0)
    throw new AppError(
      "PRECONDITION",
      `${problem}, and no earlier copy can be read. Repair it, or restore it from a backup. To begin with what the configuration says, move it and its copy away. Nothing was changed.`,
    );
  file.setBrokenAside();
  if (origin === "copy") logger.error(`${problem}; what was written before it is used`);
  if (origin === "lost") logger.error(`${problem}, and no earlier copy can be read; what runs is taken over`);
  if (origin === "none" && running.length > 0) logger.error("the state file is gone; what runs is taken over");
  const older = running.some((one) => one.generation > loaded.generation);
  if (older && origin === "file") logger.error("the state file is older than what runs; what runs is taken over");

  const known = new Map(services.map((record) => [keyOf(record), record]));
  for (const [key, processes] of Map.groupBy(running, keyOf)) {
    const found = compare(known.get(key), processes, loaded);
    if (found.differing.length === 0 && (origin === "file" ? !older : found.own.length === 0)) continue;
    const record = withRunning(known.get(key), found, older || origin !== "file");
    if (record === null) continue;
    known.set(key, record);
    const versions = [...new Set(found.own.map((one) => one.version))].join(", ");
    if (found.differing.length > 0)
      logger.error(
        { service: key, instances: found.differing.map(({ instanceId, pid }) => ({ instanceId, pid })) },
        `the state does not tell what runs of ${key}: ${versions} is taken over as it runs`,
      );
  }
  for (const { doubt, ...ref } of known.values()) if (doubt !== null) logger.error({ service: keyOf(ref) }, doubt);
  return {
    services: [...known.values()],
    complete: origin === "file" || origin === "copy" || running.length === 0,
    generation: Math.max(loaded.generation, ...running.map((one) => one.generation)),
  };
}

interface Found {
  /** the processes that are an instance's own */
  own: MarkedProcess[];
  /** those of them that the record does not tell, or tells with another process */
  differing: MarkedProcess[];
  /** those that no instance of the record has */
  unknown: MarkedProcess[];
}

/**
 * Which processes are an instance's own. A record that was written after a process was started, and does not name its
 * instance any more, tells that it was removed. What a recorded process left behind shares its launch.
 */
function compare(
  record: ServiceRecord | undefined,
  processes: readonly MarkedProcess[],
  { generation }: Pick<LoadedState, "generation">,
): Found {
  const found: Found = { own: [], differing: [], unknown: [] };
  const recorded = new Map(record?.instances.map((one) => [one.id, one]));
  for (const one of processes) {
    const instance = recorded.get(one.instanceId);
    if (instance === undefined) {
      if (record !== undefined && generation > one.generation) continue;
      found.unknown.push(one);
    }
    const last = instance?.process ?? null;
    const same = last?.pid === one.pid && last.identity === one.identity;
    if (last !== null && !same) {
      if (identityOf(last.pid) === last.identity) {
        found.own.push({ ...one, ...last, launchId: last.launchId ?? "" }); // the other one is a twin
        continue;
      }
      if (last.launchId !== undefined && last.launchId === one.launchId) continue;
    }
    found.own.push(one);
    if (!same) found.differing.push(one);
  }
  return found;
}

/**
 * The record as what runs corrects it. Where the record may be older, or does not know an instance, its weights may
 * give requests to a version that had none left. Then one version takes them all: the one with the most instances, of
 * equals the one that the record gave the most. What does not run is only started again where nothing new was started,
 * and only of that version: anything else may have been removed.
 */
function withRunning(record: ServiceRecord | undefined, { own, unknown }: Found, older: boolean): ServiceRecord | null {
  const [first] = own;
  if (first === undefined) return null;
  const recorded = new Map(record?.instances.map((one) => [one.id, one]));
  const running = own.map((one) => recordOf(one, recorded.get(one.instanceId)));
  const doubtful = older || unknown.length > 0;
  const ids = new Set(running.map((one) => one.id));
  const resting = [...recorded.values()].filter((one) => !ids.has(one.id));
  const serving = servingVersion(running, record);
  const others = [...new Set(running.map((one) => one.version))].filter((version) => version !== serving);
  const started = doubtful ? resting.filter((one) => unknown.length === 0 && one.version === serving) : resting;
  const { service, environment } = first;
  const whole = {
    ...{ service, environment, port: record?.port || first.balancerPort },
    weights: record?.weights ?? null,
    candidate: record?.candidate ?? null,
    salt: record?.salt ?? null,
    doubt: record?.doubt ?? null,
    instances: [...running, ...started],
  };
  if (!doubtful) return whole;
  if (others.length === 0) return { ...whole, weights: null, candidate: null, salt: null, doubt: null };
  const weights = { ...Object.fromEntries(others.map((version) => [version, 0])), [serving]: 100 };
  const doubt = `the state of ${keyOf(first)} is older than what runs: all requests go to ${serving}, which has the most instances, and none to ${others.join(", ")}. Deploy or roll back to say which version shall serve.`;
  return { ...whole, weights, candidate: null, salt: null, doubt };
}

function servingVersion(running: readonly InstanceRecord[], record: ServiceRecord | undefined): string {
  const staying = running.filter((one) => !one.removed && !one.draining);
  const counts = new Map<string, number>();
  for (const { version } of staying.length > 0 ? staying : running) counts.set(version, (counts.get(version) ?? 0) + 1);
  const named = new Set(record?.instances.map((one) => one.version));
  const shareOf = (version: string) =>
    version === record?.candidate ? -1 : (record?.weights?.[version] ?? (named.has(version) ? 0 : -1));
  const [most] = [...counts].sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || shareOf(b) - shareOf(a));
  if (most === undefined) throw new AppError("INTERNAL", "Nothing runs of a service that runs.");
  return most[0];
}

function recordOf(running: MarkedProcess, known: InstanceRecord | undefined): InstanceRecord {
  const { instanceId: id, version, pid, identity, port, launchId } = running;
  const startedAt = known?.process?.pid === pid ? known.process.startedAt : new Date().toISOString();
  const process = { pid, identity, port, startedAt, ...(launchId ? { launchId } : {}) };
  if (known !== undefined) return { ...known, process };
  const unknown = { restarts: 0, draining: false, removed: false, launch: null };
  return { id, key: `recovered:${id}`, version, createdAt: startedAt, ...unknown, process };
}
