import { stat } from "node:fs/promises";
import { localPaths } from "../integrations/local/paths.ts";
import { StateFile } from "../integrations/local/state-file.ts";
import { createLogger } from "../telemetry/log.ts";

const log = createLogger("ingest");

interface Known {
  /** of the files as they were read: others have other inodes, since writes replace them */
  read: string;
  instances: ReadonlySet<string>;
  /** they are all there are; what an older copy does not name may have started since */
  isWhole: boolean;
  /** when they were read, on the clock of `performance.now` */
  readAtMs: number;
}

/** what could not be read may be readable though its file looks as it did */
const AGAIN_MS = 1_000;

// on globalThis because each route of Next has its own copy of this module
const holder = globalThis as { __operateLiveInstances?: Map<string, Known> };
holder.__operateLiveInstances ??= new Map();
const byDataDir = holder.__operateLiveInstances;

/**
 * Whether an instance of the local platform still is one: the platform's state names it until its process has ended.
 * With it ends its token, which is signed with a secret that does not end. Null: not known, while the state cannot be
 * read and no older one names it. Only the state itself, as it is now, says that one has ended.
 */
export async function isLiveInstance(dataDir: string, instance: string): Promise<boolean | null> {
  const { instances, isWhole } = await liveInstances(dataDir);
  if (instances.has(instance)) return true;
  return isWhole ? false : null;
}

async function liveInstances(dataDir: string): Promise<Known> {
  const { state } = localPaths(dataDir);
  const read = (await Promise.all([state, `${state}.previous`].map(marksOf))).join("; ");
  const before = byDataDir.get(dataDir);
  const nowMs = performance.now();
  if (before?.read === read && (before.isWhole || nowMs < before.readAtMs + AGAIN_MS)) return before;
  const known = { read, readAtMs: nowMs, ...readInstances(state, before?.instances ?? new Set()) };
  byDataDir.set(dataDir, known);
  return known;
}

async function marksOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => null); // gone, or not to be reached: what is read of it says so
  return found === null ? "none" : `${found.ino} ${found.mtimeMs} ${found.size}`;
}

/** @param before those that were known last, which serve while nothing can be read */
function readInstances(state: string, before: ReadonlySet<string>): Pick<Known, "instances" | "isWhole"> {
  try {
    const { services, origin } = new StateFile(state).load();
    if (origin === "none" || origin === "lost") return { instances: before, isWhole: false };
    const instances = new Set(services.flatMap(({ instances: all }) => all.map(({ id }) => id)));
    if (origin === "file") return { instances, isWhole: true };
    return { instances: new Set([...before, ...instances]), isWhole: false };
  } catch (err) {
    log.warn({ err }, "the state of the local platform cannot be read: which instances run is not known");
    return { instances: before, isWhole: false };
  }
}
