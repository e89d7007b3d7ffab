import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { identityOf, signalGroup } from "../integrations/local/process.ts";

/** The processes of the control plane, written down so that the next start ends those that outlived a killed supervisor. */

const ASKED_MS = 5_000;
const GONE_MS = 5_000;
const folderOf = (dataDir: string): string => join(dataDir, "run");

/** Writes down a process that leads a group. What cannot be written is let go: it leaves by itself when we are gone. */
export function recordProcess(dataDir: string, name: string, pid: number): void {
  try {
    mkdirSync(folderOf(dataDir), { recursive: true, mode: 0o700 });
    writeFileSync(join(folderOf(dataDir), name), `${pid} ${identityOf(pid) ?? ""}`, { mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

export const forgetProcess = (dataDir: string, name: string): void =>
  rmSync(join(folderOf(dataDir), name), { force: true });

/** Ends what an earlier supervisor left: SIGTERM, then SIGKILL to the whole group. Returns the names. */
export async function endLeftovers(dataDir: string): Promise<string[]> {
  const alive = recorded(dataDir).filter(({ pid, identity }) => identity !== "" && identityOf(pid) === identity);
  await Promise.all(
    alive.map(async ({ pid, identity }) => {
      signalGroup(pid, "SIGTERM");
      if (await isGone(pid, identity, ASKED_MS)) return;
      signalGroup(pid, "SIGKILL");
      await isGone(pid, identity, GONE_MS);
    }),
  );
  rmSync(folderOf(dataDir), { recursive: true, force: true });
  return alive.map(({ name }) => name);
}

function recorded(dataDir: string) {
  try {
    return readdirSync(folderOf(dataDir)).map((name) => {
      const [pid = "", identity = ""] = readFileSync(join(folderOf(dataDir), name), "utf8").split(/ (.*)/s);
      return { name, pid: Number(pid), identity };
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

async function isGone(pid: number, identity: string, withinMs: number): Promise<boolean> {
  for (const until = performance.now() + withinMs; performance.now() < until; await delay(50))
    if (identityOf(pid) !== identity) return true;
  return false;
}
