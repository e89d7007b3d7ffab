import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { directoryOf } from "../../scripts/bootstrap/lock-holder.mjs";
import { identityOf, signalGroup } from "../integrations/local/instance/process.ts";
import { worksOn } from "../integrations/local/running-daemon.ts";

/** The processes of the control plane, written down so that the next start ends those that outlived a killed supervisor. */

const ASKED_MS = 5_000;
const GONE_MS = 5_000;
const folderOf = (dataDir: string): string => join(dataDir, "run");

interface ProcessRecord {
  pid: number;
  /** empty: it was gone before it could be written down */
  identity: string;
  /** identity of the data directory; absent in a record of an earlier release */
  directory?: string | undefined;
}

/** Writes down a process that leads a group. What cannot be written is let go: it leaves by itself when we are gone. */
export function recordProcess(dataDir: string, name: string, pid: number): void {
  const record: ProcessRecord = { pid, identity: identityOf(pid) ?? "", directory: directoryOf(dataDir) ?? undefined };
  try {
    mkdirSync(folderOf(dataDir), { recursive: true, mode: 0o700 });
    writeFileSync(join(folderOf(dataDir), name), JSON.stringify(record), { mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

export const forgetProcess = (dataDir: string, name: string): void =>
  rmSync(join(folderOf(dataDir), name), { force: true });

/** The process last written down under a name, alive or not; null when there is none. */
export function recordedPid(dataDir: string, name: string): number | null {
  return recorded(dataDir).find((one) => one.name === name)?.pid || null;
}

/** Ends what an earlier supervisor left: SIGTERM, then SIGKILL to the whole group. Returns the names. */
export async function stopOrphanProcesses(dataDir: string): Promise<string[]> {
  const alive = recorded(dataDir).filter(
    ({ pid, identity, directory }) =>
      identity !== "" && identityOf(pid) === identity && worksOn(pid, dataDir, directory),
  );
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
    return readdirSync(folderOf(dataDir)).map((name) => ({
      name,
      ...recordIn(readFileSync(join(folderOf(dataDir), name), "utf8")),
    }));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

const RecordSchema = z.object({ pid: z.number().int(), identity: z.string(), directory: z.string().optional() });

function recordIn(text: string): ProcessRecord {
  if (text.startsWith("{")) {
    try {
      return RecordSchema.parse(JSON.parse(text));
    } catch {
      return { pid: 0, identity: "" }; // half-written
    }
  }
  const [pid = "", identity = ""] = text.split(/ (.*)/s); // of an earlier release
  return { pid: Number(pid), identity };
}

async function isGone(pid: number, identity: string, withinMs: number): Promise<boolean> {
  for (const until = performance.now() + withinMs; performance.now() < until; await delay(50))
    if (identityOf(pid) !== identity) return true;
  return false;
}
