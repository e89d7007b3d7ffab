import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { TestDaemon } from "../local-platform/daemon.ts";

const ENTRY = join(import.meta.dirname, "../../worker.ts");

/** A real worker process on a test's database and daemon. */
export interface TestWorker {
  child: ChildProcess;
  /** everything it printed, and what of it went to its log */
  output(): string;
  stdout(): string;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a worker and waits until it is ready. A dead one is taken over from after `leaseMs` at the latest. */
export async function startTestWorker(url: string, daemon: TestDaemon, leaseMs = 10_000): Promise<TestWorker> {
  const child = fork(ENTRY, {
    env: {
      ...process.env,
      DATABASE_URL: url,
      OPERATE_DATA_DIR: daemon.dataDir,
      OPERATE_CONFIG: daemon.configFile,
      OPERATE_LEASE_MS: String(leaseMs),
    },
    silent: true,
  });
  let output = "";
  let stdout = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
  child.stdout?.on("data", (chunk) => (stdout += chunk));
  const exited = once(child, "exit");
  const early = exited.then(([code, signal]) => {
    throw new Error(`the worker ended with ${code ?? signal}:\n${output}`);
  });
  await Promise.race([once(child, "message"), early]);
  early.catch(() => undefined);
  return {
    child,
    output: () => output,
    stdout: () => stdout,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
}
