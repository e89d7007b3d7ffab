import { stat } from "node:fs/promises";
import { localPaths } from "../integrations/local/state/paths.ts";
import { type LoadedState, StateFile } from "../integrations/local/state/state-file.ts";
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
  /** since when there is neither file nor copy, on that clock; null once there was one */
  noneSinceMs: number | null;
}

/** what could not be read may be readable though its file looks as it did */
const AGAIN_MS = 1_000;
/** a daemon that starts writes down what it finds running: until then a state that is not there may be lost */
const NONE_YET_MS = 60_000;
const NEXT = "; ";
const NO_FILE = "none";
/** neither the file nor its copy */
const NO_STATE = [NO_FILE, NO_FILE].join(NEXT);

// on globalThis because each route of Next has its own copy of this module
const holder = globalThis as { __operateLiveInstances?: Map<string, Known> };
holder.__operateLiveInstances ??= new Map();
const byDataDir = holder.__operateLiveInstances;

/**
 * Whether an instance of the local platform still is one: the platform's state names it until its process has ended.
 * With it ends its token, which is signed with a secret that does not end. Null: not known, while the state cannot be
 * read and no older one names it. Only the state itself, as it is now, says that one has ended: also by not being there,
 * where none was there before.
 */
export async function isLiveInstance(dataDir: string, instance: string): Promise<boolean | null> {
  const { instances, isWhole } = await liveInstances(dataDir);
  if (instances.has(instance)) return true;
  return isWhole ? false : null;
}

async function liveInstances(dataDir: string): Promise<Known> {
  const { state } = localPaths(dataDir);
  const read = (await Promise.all([state, `${state}.previous`].map(marksOf))).join(NEXT);
  const before = byDataDir.get(dataDir);
  const nowMs = performance.now();
  if (before?.read === read && (before.isWhole || nowMs < before.readAtMs + AGAIN_MS)) return before;
  const { origin, ...found } = readInstances(state, before?.instances ?? new Set());
  // an instance is in the state before it is started: where there never was one, none runs
  const isNone = origin === "none" && read === NO_STATE;
  const noneSinceMs = !isNone ? null : before === undefined ? nowMs : before.noneSinceMs;
  const isWhole = found.isWhole || (noneSinceMs !== null && nowMs >= noneSinceMs + NONE_YET_MS);
  const known = { ...{ read, readAtMs: nowMs, noneSinceMs }, instances: found.instances, isWhole };
  byDataDir.set(dataDir, known);
  return known;
}

async function marksOf(path: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(path);
    return `${ino} ${mtimeMs} ${size}`;
  } catch (err) {
    const { code = "" } = err as NodeJS.ErrnoException;
    return code === "ENOENT" ? NO_FILE : `not to be reached: ${code}`; // what is read of it says the rest
  }
}

interface Found extends Pick<Known, "instances" | "isWhole"> {
  origin: LoadedState["origin"];
}

/** @param before those that were known last, which serve while nothing can be read */
function readInstances(state: string, before: ReadonlySet<string>): Found {
  try {
    const { services, origin } = new StateFile(state).load();
    if (origin === "none" || origin === "lost") return { origin, instances: before, isWhole: false };
    const instances = new Set(services.flatMap(({ instances: all }) => all.map(({ id }) => id)));
    if (origin === "file") return { origin, instances, isWhole: true };
    return { origin, instances: new Set([...before, ...instances]), isWhole: false };
  } catch (err) {
    log.warn({ err }, "the state of the local platform cannot be read: which instances run is not known");
    return { origin: "lost", instances: before, isWhole: false };
  }
}
