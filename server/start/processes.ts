import { join, resolve } from "node:path";
import type { OperateAgentConfig } from "../agent/config.ts";
import { isOwnSecret } from "../agent/kernel/confidential/confidential.ts";
import { heapFlags } from "../collector/heap.ts";
import { hostInUrl, type StartOptions } from "./options.ts";
import type { ProcessSpec } from "./supervised-process.ts";

export const DAEMON = "daemon";

/**
 * V8's bound for young objects, in MB. Without one it lets them fill some 128 MB before it collects them (docs/measured.md,
 * "With nothing to do").
 */
const youngObjects = (mb: number): string[] => [`--max-semi-space-size=${mb}`];

const DAEMON_SPEC: ProcessSpec = {
  name: DAEMON,
  file: "server/integrations/local/daemon.ts",
  flags: youngObjects(8),
  stopTimeoutMs: 12_000,
  forcedStopTimeoutMs: 3_000,
};
const WORKER: ProcessSpec = {
  name: "worker",
  file: "server/worker.ts",
  flags: youngObjects(4),
  stopTimeoutMs: 4_000,
  forcedStopTimeoutMs: 0,
};
const COLLECTOR: ProcessSpec = { ...WORKER, name: "collector", file: "server/collector.ts" };
const WEB: ProcessSpec = { ...WORKER, name: "web", file: "server/web.ts", flags: youngObjects(8) };
const TRAFFIC: ProcessSpec = {
  ...WORKER,
  name: "traffic",
  file: "server/integrations/local/traffic.ts",
  flags: youngObjects(1),
  stopTimeoutMs: 2_000,
};

/**
 * What runs under a configuration, in the order in which it is stopped, last one first. The daemon also runs when it
 * has instances left that the configuration no longer names: it is the one who stops them.
 */
export function processesFor(
  config: Pick<OperateAgentConfig, "services" | "traffic" | "monitoringConfig">,
  root: string,
  keptInstances = false,
): ProcessSpec[] {
  const wanted = [{ ...COLLECTOR, flags: heapFlags(config.monitoringConfig.limits) }, WORKER, WEB];
  // what runs is kept although the configuration may name nothing any more
  if (config.services.length > 0 || keptInstances) wanted.unshift(DAEMON_SPEC);
  if (config.traffic.some((traffic) => traffic.requestsPerSecond > 0)) wanted.push(TRAFFIC);
  return wanted.map((spec) => ({ ...spec, file: resolve(root, spec.file) }));
}

export interface Handed {
  databaseUrl: string;
  authSecret: string;
  ingestSecret: string;
  valuesKey: string;
  /** the copy of the configuration that this start applied */
  appliedConfig: string;
  /** null once somebody can sign in */
  setupToken: string | null;
}

/** The environment of a process: all get the common part, and the secrets only who needs them. */
export function environmentOf(name: string, options: StartOptions, handed: Handed): NodeJS.ProcessEnv {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([variable]) => !isOwnSecret(variable)));
  const common = {
    ...inherited,
    NODE_ENV: options.dev ? "development" : "production",
    NEXT_TELEMETRY_DISABLED: "1",
    OPERATE_DEV: options.dev ? "1" : "0",
    DATABASE_URL: handed.databaseUrl,
    OPERATE_DATA_DIR: options.dataDir,
    // whose disk is watched; empty for a database elsewhere
    OPERATE_DATABASE_DIR: options.databaseUrl ? "" : join(options.dataDir, "postgres"),
    OPERATE_CONFIG: handed.appliedConfig,
    OPERATE_CONFIG_ORIGIN: options.configFile,
    OPERATE_SAMPLE: options.sample ? "1" : "0",
    OPERATE_BASE_URL: options.baseUrl,
    HOST: options.host,
    PORT: String(options.port),
  } as const;
  return { ...common, ...secretsFor(name, options, handed) };
}

/**
 * The ingest secret goes to all that report about themselves, and to the web process, which takes what they send; with
 * it the key to what instances were started with, which none of these may show.
 */
function secretsFor(name: string, options: StartOptions, handed: Handed): Record<string, string> {
  const OPERATE_SECRET_KEY = handed.authSecret;
  const reporting = {
    OPERATE_INGEST_URL: `http://${hostInUrl(options.host)}:${options.port}/api/ingest`,
    OPERATE_INGEST_SECRET: handed.ingestSecret,
    OPERATE_VALUES_KEY: handed.valuesKey,
  };
  if (name === DAEMON || name === "collector") return reporting;
  if (name === "worker") return { ...reporting, OPERATE_SECRET_KEY };
  if (name !== "web") return {};
  const setup: Record<string, string> = handed.setupToken ? { OPERATE_SETUP_TOKEN: handed.setupToken } : {};
  return { ...reporting, OPERATE_SECRET_KEY, ...setup };
}
