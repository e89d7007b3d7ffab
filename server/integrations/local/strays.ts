import { readdirSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { groupOf, signalGroup } from "./process.ts";

/** Processes found by the environment they inherited, so only on Linux. */

const MARK = "OPERATE_LOCAL_INSTANCE=";
const LINUX = process.platform === "linux";
/** A process that forks while it is looked for needs another look; one that forks faster than that is let go. */
const MOST_LOOKS = 5;

/**
 * Ends instances of this data directory that no state file knows: a daemon killed between starting a process and
 * writing it down leaves one. Returns the process groups it ended.
 */
export function endStrays(dataDir: string, wantedIds: ReadonlySet<string>): number[] {
  if (!LINUX) return [];
  const ended: number[] = [];
  for (const pid of pidsIn(readdirSync("/proc"))) {
    const environment = environmentOf(pid);
    if (!environment.includes(`OPERATE_DATA_DIR=${dataDir}`)) continue;
    const mark = environment.find((line) => line.startsWith(MARK));
    if (mark === undefined || wantedIds.has(mark.slice(MARK.length))) continue;
    const group = groupOf(pid);
    if (group === null || ended.includes(group)) continue;
    signalGroup(group, "SIGKILL");
    ended.push(group);
  }
  return ended;
}

/** Ends what an instance left behind outside its process group, as a child that called setsid does. */
export async function endLeftovers(instanceId: string): Promise<void> {
  if (!LINUX) return;
  const mark = `${MARK}${instanceId}`;
  for (let look = 0; look < MOST_LOOKS; look++) {
    let found = false;
    for (const pid of pidsIn(await readdir("/proc"))) {
      const text = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => ""); // gone, or somebody else's
      if (!text.split("\0").includes(mark)) continue;
      found = true;
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    if (!found) return;
  }
}

const pidsIn = (entries: readonly string[]): number[] =>
  entries.map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid);

const environmentOf = (pid: number): string[] => {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return []; // gone meanwhile, or somebody else's
  }
};
