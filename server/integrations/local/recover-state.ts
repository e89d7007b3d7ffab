import type { Logger } from "pino";
import { AppError } from "#server/agent/kernel/errors.ts";
import type { InstanceRecord, ServiceRecord, StateFile } from "./state-file.ts";
import type { MarkedProcess } from "./strays.ts";
import { keyOf } from "./unit-directory.ts";

interface Recovered {
  services: ServiceRecord[];
  /** a service that is missing never ran; false: nobody knows */
  complete: boolean;
}

/**
 * What runs and is wanted, as it was written down, or else told by the processes themselves: a file that is gone,
 * broken or older than what serves costs no instance, and brings no version back that was replaced.
 * @throws PRECONDITION when the state cannot be read and nothing runs that tells it
 */
export function recoverState(file: StateFile, running: readonly MarkedProcess[], logger: Logger): Recovered {
  const { services, origin, problem } = file.load();
  if (origin === "lost" && running.length === 0)
    throw new AppError(
      "PRECONDITION",
      `${problem}, and no earlier copy can be read. Repair it, or restore it from a backup. To begin with what the configuration says, move it and its copy away. Nothing was changed.`,
    );
  file.setBrokenAside();
  if (origin === "copy") logger.error(`${problem}; what was written before it is used`);
  if (origin === "lost") logger.error(`${problem}, and no earlier copy can be read; what runs is taken over`);
  if (origin === "none" && running.length > 0) logger.error("the state file is gone; what runs is taken over");

  const known = new Map(services.map((record) => [keyOf(record), record]));
  for (const [key, processes] of Map.groupBy(running, keyOf)) {
    const record = known.get(key);
    const ids = new Set(processes.map((one) => one.instanceId));
    const tells = record?.instances.some((one) => ids.has(one.id)) ?? false;
    if (tells && origin === "file") continue;
    known.set(key, withRunning(record, processes, tells));
    const versions = [...new Set(processes.map((one) => one.version))].join(", ");
    logger.error({ service: key }, `the state does not tell what runs of ${key}: ${versions} is taken over as it runs`);
  }
  return { services: [...known.values()], complete: origin === "file" || origin === "copy" || running.length === 0 };
}

/** A record that knows none of what runs is of another time: only address and weights of it still count. */
function withRunning(
  record: ServiceRecord | undefined,
  processes: readonly MarkedProcess[],
  tells: boolean,
): ServiceRecord {
  const [first] = processes;
  if (first === undefined) throw new AppError("INTERNAL", "A group of processes has none.");
  const instances = new Map((tells ? (record?.instances ?? []) : []).map((one) => [one.id, one]));
  for (const one of processes) instances.set(one.instanceId, recordOf(one, instances.get(one.instanceId)));
  return {
    service: first.service,
    environment: first.environment,
    port: record?.port ?? first.balancerPort,
    weights: record?.weights ?? null,
    candidate: record?.candidate ?? null,
    instances: [...instances.values()],
  };
}

function recordOf(running: MarkedProcess, known: InstanceRecord | undefined): InstanceRecord {
  const { instanceId: id, version, pid, identity, port } = running;
  const startedAt = known?.process?.pid === pid ? known.process.startedAt : new Date().toISOString();
  const process = { pid, identity, port, startedAt };
  if (known !== undefined) return { ...known, process };
  const unknown = { restarts: 0, draining: false, removed: false, launch: null };
  return { id, key: `recovered:${id}`, version, createdAt: startedAt, ...unknown, process };
}
