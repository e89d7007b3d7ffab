import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { OperateAgentConfigInput } from "#server/agent/config.ts";
import type { PlatformInstance, ServiceRef } from "#server/agent/ports/workloads.ts";
import { createLocalPlatform, type LocalPlatform } from "#server/integrations/local/index.ts";
import { identityOf } from "#server/integrations/local/instance/process.ts";

type ServiceInput = NonNullable<OperateAgentConfigInput["services"]>[number];

export const ENTRY = join(import.meta.dirname, "../../integrations/local/daemon.ts");
export const VERSIONS = [
  "1.0.0",
  "1.1.0",
  "crash",
  "never",
  "stubborn",
  "forking",
  "daemonizing",
  "taken",
  "failing",
  "slow",
  "hanging",
  "missing",
  "redirecting",
  "chatty",
  "hasty",
  "waiting",
];

/** A service that runs `service.js` beside this file, in `staging`. */
export const sampleService = (name: string, change: Partial<ServiceInput> = {}, instances = 1): ServiceInput => ({
  name,
  local: {
    command: ["node", join(import.meta.dirname, "service.js"), "{version}"],
    versions: VERSIONS.map((version) => ({ version })),
    readinessPath: "/readyz",
    readinessIntervalMs: 100,
    stopTimeoutMs: 1_500,
  },
  environments: { staging: { instances, initialVersion: "1.0.0" } },
  ...change,
});

/** A real daemon on a data directory of its own. */
export interface TestDaemon {
  dataDir: string;
  configFile: string;
  platform: LocalPlatform;
  /** of the process that runs now */
  child: ChildProcess;
  output(): string;
  writeConfig(services: ServiceInput[], more?: OperateAgentConfigInput): void;
  /** Starts the process and waits until it is ready. @throws what it printed when it ends instead */
  start(env?: Record<string, string>): Promise<void>;
  /** Ends the process with a signal and waits for its exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Ends everything and deletes the data directory. */
  dispose(): Promise<void>;
}

export function createTestDaemon(services: ServiceInput[], dataDirSuffix = ""): TestDaemon {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "operate-local-")));
  const dataDir = join(root, `data${dataDirSuffix}`);
  const configFile = join(root, "operate.config.yaml");
  let output = "";
  const daemon: TestDaemon = {
    dataDir,
    configFile,
    platform: createLocalPlatform({ dataDir }),
    child: undefined as unknown as ChildProcess,
    output: () => output,
    writeConfig: (list, more = {}) => writeFileSync(configFile, stringify({ ...more, services: list })),
    async start(env = {}) {
      const child = fork(ENTRY, {
        env: { ...process.env, OPERATE_DATA_DIR: dataDir, OPERATE_CONFIG: configFile, ...env },
        silent: true,
      });
      daemon.child = child;
      for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
      const exited = once(child, "exit").then(([code]) => {
        throw new Error(`the daemon ended with ${code}:\n${output}`);
      });
      await Promise.race([once(child, "message"), exited]);
      exited.catch(() => undefined);
    },
    async end(signal) {
      if (daemon.child.exitCode !== null || daemon.child.signalCode !== null) return daemon.child.exitCode;
      daemon.child.kill(signal);
      const [code] = (await once(daemon.child, "exit")) as [number | null];
      return code;
    },
    async dispose() {
      // One that was killed left its instances behind: the next one ends them.
      if (daemon.child.signalCode === "SIGKILL") await daemon.start();
      await daemon.end("SIGTERM");
      await daemon.platform.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
  daemon.writeConfig(services);
  return daemon;
}

/** Polls until the value is there; fails with what was seen last. */
export async function eventually<T>(
  look: () => Promise<T | null | undefined | false>,
  timeoutMs = 180_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Waits until every instance of a service is ready and returns them. */
export const allReady = (platform: LocalPlatform, ref: ServiceRef): Promise<PlatformInstance[]> =>
  eventually(async () => {
    const { instances } = await platform.workloads.getService(ref);
    return instances.length > 0 && instances.every((one) => one.state === "ready") && instances;
  });

/** Waits until one instance is in a state and returns it. */
export const inState = (
  platform: LocalPlatform,
  ref: ServiceRef,
  id: string,
  state: PlatformInstance["state"],
): Promise<PlatformInstance> =>
  eventually(async () =>
    (await platform.workloads.getService(ref)).instances.find((one) => one.id === id && one.state === state),
  );

/** A zombie that its parent has not collected yet is not alive. */
export const isAlive = (pid: number): boolean => identityOf(pid) !== null;
