import { createHash } from "node:crypto";
import { catalogOf } from "../../catalog/catalog.ts";
import type { OperateAgentConfig } from "../../config.ts";
import { withoutConfidential } from "../../kernel/confidential/confidential.ts";
import { hostPort, parseServer } from "../../kernel/hosts.ts";
import type { ProbeSpec } from "../../ports/prober.ts";
import type { ServiceRef } from "../../ports/workloads.ts";
import type { HealthEndpoint } from "../config.ts";
import { SHARD_COUNT } from "./slots.ts";

/** A check as the configuration asks for it. */
export interface PlannedTarget {
  /** stable for a name and environment, so that history survives a restart and a return to the configuration */
  id: string;
  name: string;
  kind: "http" | "tcp" | "dns" | "disk";
  origin: "endpoint" | "service";
  service: string | null;
  environment: string | null;
  /** what is asked, without credentials or query values */
  address: string;
  /** ids */
  dependsOn: string[];
  intervalMs: number;
  /** never longer than the interval: a check is over before the next one starts */
  timeoutMs: number;
  failureThreshold: number;
  successThreshold: number;
  muted: boolean;
  shard: number;
  /** the whole check, or for a service its path behind a balancer that is looked up when asked; null: `/`, any answer */
  probe: { spec: ProbeSpec } | { balancer: ServiceRef; path: string | null };
}

const SERVICE_TIMEOUT_MS = 5_000;
/** no health endpoint can have this name: the check of a configuration refuses what begins with Operate's own */
const DISK_NAME = "operate disk";
const DISK_INTERVAL_MS = 5_000;
const SERVICE_STATUS = [200, 201, 202, 203, 204];
/** Of a service that names no path: whatever its front page says, short of a fault of its own. */
const ANY_ANSWER = Array.from({ length: 300 }, (_, i) => 200 + i);

export const targetId = (origin: PlannedTarget["origin"], name: string, environment: string | null): string =>
  `hlt_${createHash("sha256")
    .update(JSON.stringify([origin, name, environment]))
    .digest("hex")
    .slice(0, 16)}`;

const shardOf = (id: string): number => createHash("sha256").update(id).digest().readUInt16BE(0) % SHARD_COUNT;

/** A URL without user, password, fragment, and with its query values hidden. */
export function publicUrl(text: string): string {
  const url = new URL(text);
  url.username = "";
  url.password = "";
  url.hash = "";
  const keys = [...url.searchParams.keys()];
  url.search = "";
  return keys.length > 0 ? `${url.href}?${keys.map((key) => `${encodeURIComponent(key)}=…`).join("&")}` : url.href;
}

/** Whose disk is watched: the folder of the embedded database, or of all else that Operate writes. */
export interface DiskFolders {
  databaseDir?: string | undefined;
  dataDir?: string | undefined;
}

/**
 * Everything that is checked: each health endpoint, each service in each of its environments, and the disk of the
 * embedded database; where that lives elsewhere, the disk of the data directory.
 */
export function planTargets(config: OperateAgentConfig, { databaseDir, dataDir }: DiskFolders = {}): PlannedTarget[] {
  const path = databaseDir ?? dataDir;
  const address = `the disk of ${databaseDir ? "the database" : "the data directory"}`;
  return [...planServices(config), ...planEndpoints(config), ...(path ? [planDisk(config, path, address)] : [])];
}

function planDisk({ monitoringConfig: defaults }: OperateAgentConfig, path: string, address: string): PlannedTarget {
  const id = targetId("endpoint", DISK_NAME, null);
  return {
    ...{ id, name: DISK_NAME, kind: "disk", origin: "endpoint", service: null, environment: null },
    ...{ address, dependsOn: [], intervalMs: DISK_INTERVAL_MS },
    ...{ timeoutMs: SERVICE_TIMEOUT_MS, failureThreshold: 1, successThreshold: defaults.successThreshold },
    ...{ muted: false, shard: shardOf(id), probe: { spec: { type: "disk", path, timeoutMs: SERVICE_TIMEOUT_MS } } },
  };
}

interface KeptService extends ServiceRef {
  /** as it was when it was configured; null or not known: any answer of the front page below 500 will do */
  healthPath?: string | null;
}

/** Checks of what runs though it left the configuration. */
export function planKept(config: OperateAgentConfig, kept: readonly KeptService[]): PlannedTarget[] {
  const { checkIntervalMs, failureThreshold, successThreshold } = config.monitoringConfig;
  return kept.map(({ service, environment, healthPath: path = null }): PlannedTarget => {
    const id = targetId("service", service, environment);
    return {
      ...{ id, name: service, kind: "http", origin: "service", service, environment },
      ...{ address: `${service}/${environment}${path ?? "/"}`, dependsOn: [], intervalMs: checkIntervalMs },
      timeoutMs: Math.min(SERVICE_TIMEOUT_MS, checkIntervalMs),
      ...{ failureThreshold, successThreshold, muted: false, shard: shardOf(id) },
      probe: { balancer: { service, environment }, path },
    };
  });
}

function planServices(config: OperateAgentConfig): PlannedTarget[] {
  const { checkIntervalMs, failureThreshold, successThreshold } = config.monitoringConfig;
  const catalog = catalogOf(config);
  return catalog.services.flatMap((service) =>
    catalog.environmentsOf(service.name).map((environment): PlannedTarget => {
      const path = catalog.healthPathOf(service.name);
      const id = targetId("service", service.name, environment);
      return {
        id,
        name: service.name,
        kind: "http",
        origin: "service",
        service: service.name,
        environment,
        address: `${service.name}/${environment}${path ?? "/"}`,
        dependsOn: service.dependsOn
          .filter((name) => catalog.runsIn(name, environment))
          .map((name) => targetId("service", name, environment)),
        intervalMs: checkIntervalMs,
        timeoutMs: Math.min(SERVICE_TIMEOUT_MS, checkIntervalMs),
        failureThreshold,
        successThreshold,
        muted: false,
        shard: shardOf(id),
        probe: { balancer: { service: service.name, environment }, path },
      };
    }),
  );
}

function planEndpoints(config: OperateAgentConfig): PlannedTarget[] {
  const { monitoringConfig: defaults } = config;
  return defaults.healthEndpoints.map((endpoint): PlannedTarget => {
    const id = targetId("endpoint", endpoint.name, null);
    const intervalMs = endpoint.intervalMs ?? defaults.checkIntervalMs;
    const timeoutMs = Math.min(endpoint.timeoutMs, intervalMs);
    const trusted = askedAt(endpoint);
    return {
      id,
      name: endpoint.name,
      kind: endpoint.type,
      origin: "endpoint",
      service: null,
      environment: endpoint.environment ?? null,
      address: withoutConfidential(addressOf(endpoint)),
      dependsOn: endpoint.dependsOn.flatMap((name) => dependencyIds(config, name, endpoint.environment)),
      intervalMs,
      timeoutMs,
      failureThreshold: endpoint.failureThreshold ?? defaults.failureThreshold,
      successThreshold: endpoint.successThreshold ?? defaults.successThreshold,
      muted: endpoint.muted,
      shard: shardOf(id),
      probe: { spec: { ...endpoint, timeoutMs, ...(trusted && { trusted: [trusted] }) } },
    };
  });
}

/** Whoever wrote the configuration named this `host:port`, so it may be a private one; a redirect away from it may not. */
function askedAt(endpoint: HealthEndpoint): string | null {
  if (endpoint.type === "http") return hostPort(new URL(endpoint.url));
  if (endpoint.type === "tcp") return `${endpoint.host}:${endpoint.port}`;
  if (endpoint.server === undefined) return null;
  const { host, port } = parseServer(endpoint.server);
  return `${host}:${port}`;
}

function addressOf(endpoint: HealthEndpoint): string {
  if (endpoint.type === "http") return publicUrl(endpoint.url);
  if (endpoint.type === "tcp") return `${endpoint.host}:${endpoint.port}`;
  return `${endpoint.recordType} ${endpoint.host}${endpoint.server ? ` at ${endpoint.server}` : ""}`;
}

/** A service that does not run in the meant environment explains nothing there. */
function dependencyIds(config: OperateAgentConfig, name: string, environment: string | undefined): string[] {
  const catalog = catalogOf(config);
  if (!catalog.service(name)) return [targetId("endpoint", name, null)];
  const meant = environment ?? catalog.environments.at(-1);
  return meant !== undefined && catalog.runsIn(name, meant) ? [targetId("service", name, meant)] : [];
}

/** What to ask of a service's balancer at `base`. */
export const serviceProbe = (base: URL, path: string | null, timeoutMs: number, trusted: string): ProbeSpec => ({
  type: "http",
  url: `${base.origin}${path ?? "/"}`,
  method: "GET",
  headers: {},
  expectStatus: path === null ? ANY_ANSWER : SERVICE_STATUS,
  timeoutMs,
  trusted: [trusted],
});
