import { readdirSync, readFileSync } from "node:fs";
import { groupOf, signalGroup } from "./process.ts";

/**
 * Ends instances of this data directory that no state file knows: a daemon killed between starting a process and
 * writing it down leaves one. Found by their environment, so only on Linux. Returns the process groups it ended.
 */
export function endStrays(dataDir: string, adoptedPids: ReadonlySet<number>): number[] {
  if (process.platform !== "linux") return [];
  const ended: number[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const environment = environmentOf(pid);
    if (!environment.includes(`OPERATE_DATA_DIR=${dataDir}`)) continue;
    if (!environment.some((line) => line.startsWith("OPERATE_LOCAL_INSTANCE="))) continue;
    const group = groupOf(pid);
    if (group === null || adoptedPids.has(group) || ended.includes(group)) continue;
    signalGroup(group, "SIGKILL");
    ended.push(group);
  }
  return ended;
}

const environmentOf = (pid: number): string[] => {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return []; // gone meanwhile, or somebody else's
  }
};
