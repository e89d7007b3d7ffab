import { stat } from "node:fs/promises";
import { localPaths } from "../integrations/local/paths.ts";
import { StateFile } from "../integrations/local/state-file.ts";

interface Known {
  /** of the file as it was read: another one has another inode, since writes replace it */
  read: string;
  instances: ReadonlySet<string>;
}

// on globalThis because each route of Next has its own copy of this module
const holder = globalThis as { __operateLiveInstances?: Map<string, Known> };
holder.__operateLiveInstances ??= new Map();
const byDataDir = holder.__operateLiveInstances;

/**
 * Whether an instance of the local platform still is one: the platform's state names it until its process has ended.
 * With it ends its token, which is signed with a secret that does not end.
 * @throws PRECONDITION when the state was written by a newer Operate
 */
export async function isLiveInstance(dataDir: string, instance: string): Promise<boolean> {
  const { state } = localPaths(dataDir);
  const found = await stat(state).catch(() => null);
  if (found === null) return false;
  const read = `${found.ino} ${found.mtimeMs} ${found.size}`;
  let known = byDataDir.get(dataDir);
  if (known?.read !== read) {
    const { services } = new StateFile(state).load();
    known = { read, instances: new Set(services.flatMap(({ instances }) => instances.map(({ id }) => id))) };
    byDataDir.set(dataDir, known);
  }
  return known.instances.has(instance);
}
