import { readdirSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { namesDirectory } from "../state/directory.ts";
import { groupOf, identityOf, LAUNCH_VARIABLE, launchOf, signalGroup, signalProcess } from "./process.ts";

/** Processes found by the environment they inherited, so only on Linux. */

const INSTANCE = "OPERATE_LOCAL_INSTANCE=";
/** the port of the balancer in front of the instance, as it was when the process was started */
export const BALANCER_VARIABLE = "OPERATE_LOCAL_BALANCER_PORT";
/** the generation of the state when the process was started: an older state cannot know of it */
export const GENERATION_VARIABLE = "OPERATE_LOCAL_GENERATION";
const DATA_DIR = "OPERATE_DATA_DIR=";
const DAEMON_ENTRY = "/integrations/local/daemon.ts";
const LINUX = process.platform === "linux";
/** A process that forks while it is looked for needs another look; one that forks faster than that is let go. */
const MOST_LOOKS = 5;

const markIn = (environment: readonly string[], name: string): string =>
  environment.find((line) => line.startsWith(name))?.slice(name.length) ?? "";

/** The pid that belongs to an instance now; null when none does; "unsettled" while nobody may judge. */
export type OwnerOf = (instanceId: string) => number | null | "unsettled";

export interface EndedStray {
  instanceId: string;
  group: number;
  /** the instance has a process, and this was another one */
  twin: boolean;
}

/**
 * Ends processes of instances of this data directory that are nobody's: a daemon killed between starting a process and
 * writing it down leaves one, whatever starts an instance twice leaves a twin. What an instance's own process started,
 * in whatever group, stays.
 */
export async function stopOrphans(dataDir: string, ownerOf: OwnerOf): Promise<EndedStray[]> {
  if (!LINUX) return [];
  const ended: EndedStray[] = [];
  const ownGroup = groupOf(process.pid);
  for (const pid of pidsIn(await readdir("/proc"))) {
    const environment = (await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "")).split("\0"); // gone, or another's
    const mark = environment.find((line) => line.startsWith(INSTANCE));
    if (mark === undefined || !namesDirectory(markIn(environment, DATA_DIR), dataDir)) continue;
    const instanceId = mark.slice(INSTANCE.length);
    // from here on nothing is awaited: what is known of the instance is known of this process
    const owner = ownerOf(instanceId);
    if (owner === "unsettled" || (owner !== null && belongsTo(pid, owner))) continue;
    const group = groupOf(pid);
    if (group === null || group === ownGroup || ended.some((one) => one.group === group)) continue;
    signalGroup(group, "SIGKILL");
    ended.push({ instanceId, group, twin: owner !== null });
  }
  return ended;
}

/** The own process of an instance, as the environment that it was started with tells. */
export interface MarkedProcess {
  instanceId: string;
  service: string;
  environment: string;
  version: string;
  pid: number;
  identity: string;
  port: number;
  /** 0: not known */
  balancerPort: number;
  /** of the state when it was started; 0: an earlier Operate did not say */
  generation: number;
  launchId: string;
}

/** What runs of a data directory, whatever the daemon wrote down: of each instance the process that leads its group. */
export function markedProcesses(dataDir: string): MarkedProcess[] {
  if (!LINUX) return [];
  const found = new Map<string, MarkedProcess>();
  const leaders = pidsIn(readdirSync("/proc")).filter((pid) => groupOf(pid) === pid);
  for (const pid of leaders) {
    const lines = textOf(pid, "environ").split("\0");
    const markOf = (name: string): string => markIn(lines, name);
    const instanceId = markOf(INSTANCE);
    const identity = identityOf(pid);
    if (instanceId === "" || identity === null) continue;
    if (!namesDirectory(markOf(DATA_DIR), dataDir)) continue;
    const earlier = found.get(instanceId);
    // a child that leads a group of its own was started later
    if (earlier !== undefined && startOf(earlier.identity) <= startOf(identity)) continue;
    found.set(instanceId, {
      ...{ instanceId, pid, identity },
      service: markOf("SERVICE_NAME="),
      environment: markOf("SERVICE_ENVIRONMENT="),
      version: markOf("SERVICE_VERSION="),
      port: Number(markOf("PORT=")),
      balancerPort: Number(markOf(`${BALANCER_VARIABLE}=`)),
      generation: Number(markOf(`${GENERATION_VARIABLE}=`)) || 0,
      launchId: markOf(`${LAUNCH_VARIABLE}=`),
    });
  }
  return [...found.values()].filter((one) => one.service && one.environment && one.version && one.port > 0);
}

/** The daemons that were started for a data directory, by what they run and their environment, lock or not. */
export function markedDaemons(dataDir: string): { pid: number; identity: string }[] {
  if (!LINUX) return [];
  return pidsIn(readdirSync("/proc")).flatMap((pid) => {
    if (
      !textOf(pid, "cmdline")
        .split("\0")
        .some((argument) => argument.endsWith(DAEMON_ENTRY))
    )
      return [];
    const identity = identityOf(pid);
    const named = markIn(textOf(pid, "environ").split("\0"), DATA_DIR);
    return identity !== null && namesDirectory(named, dataDir) ? [{ pid, identity }] : [];
  });
}

const startOf = (identity: string): number => Number(identity.split(":")[1]);

/**
 * Whether a process is an instance's own one or was started by it. One that left its parents is told by the launch it
 * inherited; it is no twin as long as it runs another command.
 */
function belongsTo(pid: number, owner: number): boolean {
  if (groupOf(pid) === owner) return true;
  for (let at: number | null = pid; at !== null && at > 1; at = parentOf(at)) if (at === owner) return true;
  return launchOf(pid) === launchOf(owner) && textOf(pid, "cmdline") !== textOf(owner, "cmdline");
}

const parentOf = (pid: number): number | null => {
  const stat = textOf(pid, "stat");
  return stat === "" ? null : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
};

const textOf = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // gone meanwhile
  }
};

/**
 * Ends what an instance left behind outside its process group, as a child that called setsid does. The instances of a
 * copied data directory have the same ids.
 */
export async function endLeftovers(instanceId: string, dataDir: string): Promise<void> {
  if (!LINUX) return;
  const mark = `${INSTANCE}${instanceId}`;
  for (let look = 0; look < MOST_LOOKS; look++) {
    let found = false;
    for (const pid of pidsIn(await readdir("/proc"))) {
      const text = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => ""); // gone, or somebody else's
      const environment = text.split("\0");
      if (!environment.includes(mark) || !namesDirectory(markIn(environment, DATA_DIR), dataDir)) continue;
      found = true;
      signalProcess(pid, "SIGKILL");
    }
    if (!found) return;
  }
}

const pidsIn = (entries: readonly string[]): number[] =>
  entries.map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid);
