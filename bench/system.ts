import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { findRunningPostgres } from "#server/db/embedded.ts";
import { interruption, killThoseThatKnow } from "../scripts/interruption.ts";

/** The whole system as `npm start` runs it, on a free port and an empty data directory, for storms and soaks. */

export const ROOT = join(import.meta.dirname, "..");
const READY_MS = 180_000;

/** mulberry32: the same dice for the same seed */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });

/** Looks again every 200 ms until something is found. @throws after `ms`, with the last error; at once when told to stop */
export async function until<T>(
  what: string,
  ms: number,
  look: () => Promise<T | null | undefined | false>,
): Promise<T> {
  const end = performance.now() + ms;
  let last: unknown;
  while (performance.now() < end) {
    interruption.throwIfAborted();
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      last = error;
    }
    await delay(200);
  }
  throw new Error(`${what}: not within ${ms / 1_000} s${last ? ` (${String(last)})` : ""}`);
}

export interface RunningSystem {
  url: string;
  setupToken: string;
  dataDir: string;
  configFile: string;
  databaseUrl: string;
  supervisor: ChildProcess;
  /** what it printed so far */
  output(): string;
  /** Stops it as Ctrl-C does; the data directory goes when `clean`. */
  stop(clean: boolean): Promise<void>;
}

/** Connections to the system's database; those that are idle when it ends, end with it, and that is no error. */
export const openPool = (databaseUrl: string, max: number): pg.Pool =>
  new pg.Pool({ connectionString: databaseUrl, max }).on("error", () => undefined);

/**
 * @param configuration null: none, as for `npm start` on its own
 * @param entry what Node runs, with its arguments
 * @throws when there is no build, or it is not ready within three minutes
 */
export async function startSystem(
  name: string,
  configuration: object | null,
  more: Record<string, string> = {},
  entry: readonly string[] = ["server/start.ts"],
): Promise<RunningSystem> {
  if (!existsSync(join(ROOT, ".next/BUILD_ID")))
    throw new Error("There is no build to start. Run `npm start` once, stop it, and try again.");
  const dataDir = mkdtempSync(join(tmpdir(), `operate-${name}-`));
  const configFile = join(dataDir, "operate.config.yaml");
  if (configuration) writeFileSync(configFile, JSON.stringify(configuration, null, 2)); // JSON is YAML
  const port = await freePort();
  const { OPERATE_CONFIG: _, ...outer } = process.env;
  const env = {
    ...{ ...outer, PORT: String(port), OPERATE_DATA_DIR: dataDir },
    ...(configuration && { OPERATE_CONFIG: configFile }),
    ...more,
  };
  const supervisor = spawn(process.execPath, [...entry], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [supervisor.stdout, supervisor.stderr])
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  const stop = async (clean: boolean) => {
    const gone = new Promise((resolve) => supervisor.once("exit", resolve));
    if (supervisor.exitCode === null && supervisor.signalCode === null && supervisor.kill("SIGINT")) await gone;
    if (interruption.aborted) killThoseThatKnow(dataDir);
    if (clean || interruption.aborted) rmSync(dataDir, { recursive: true, force: true });
    else console.error(`Left for you to look at: ${dataDir}`);
  };
  try {
    const setupToken = await until("Operate starts", READY_MS, async () => {
      if (supervisor.exitCode !== null) throw new Error(`it ended with ${supervisor.exitCode}`);
      return /\/setup#(?:token=)?([\w-]+)/.exec(output)?.[1];
    });
    const databaseUrl = await findRunningPostgres(dataDir);
    if (!databaseUrl) throw new Error("there is no database");
    const url = `http://127.0.0.1:${port}`;
    return { url, setupToken, dataDir, configFile, databaseUrl, supervisor, output: () => output, stop };
  } catch (error) {
    await stop(false);
    interruption.throwIfAborted();
    throw new Error(`${String(error)}\n${output.slice(-4_000)}`, { cause: error });
  }
}
