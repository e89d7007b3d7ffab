import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import {
  healthPathOf,
  readinessPathOf,
  type ServiceConfig,
  type ServiceEnvironmentConfig,
} from "#server/agent/config-services.ts";
import type { RolloutRules } from "#server/agent/deploy/config.ts";
import { unknownName } from "#server/agent/kernel/allowed-names.ts";
import { AppError } from "#server/agent/kernel/errors.ts";
import { newId } from "#server/agent/kernel/ids.ts";
import type { PlatformInstance, PlatformService, ServiceRef } from "#server/agent/ports/workloads.ts";
import { Balancer, type BalancerOptions } from "./balancer/balancer.ts";
import { newSalt } from "./balancer/route-choice.ts";
import { Instance, type InstanceHost } from "./instance/instance.ts";
import { instanceCommand } from "./instance/instance-command.ts";
import { withSecrets } from "./instance/launch-record.ts";
import { BALANCER_VARIABLE, endLeftovers, GENERATION_VARIABLE } from "./instance/orphans.ts";
import { LAUNCH_VARIABLE, launch } from "./instance/process.ts";
import type { Usage } from "./instance/usage.ts";
import type { LogStore } from "./logs/log-store.ts";
import type { InstanceRecord, LaunchRecord, ServiceRecord } from "./state/state-file.ts";

/** for instances to say goodbye while Operate stops: an instance that waits for its clients must not hold it up */
const GOODBYE_MS = 2_000;

/** What a unit shares with all others of its daemon. */
export interface UnitHost {
  configDir: string;
  dataDir: string;
  logs: LogStore;
  freePort(): Promise<number>;
  rulesOf(service: string): Pick<RolloutRules, "canary" | "previewHeader">;
  urlOf(service: string, environment: string): string | undefined;
  usageOf(pid: number): Usage | undefined;
  /** of the state as it is written now */
  generation(): number;
  /** from here on, in every process: what an instance is started with, `recorded` as written, is confidential */
  keepValues(instanceId: string, recorded: LaunchRecord): Promise<void>;
  /** resolves when the state of the whole fleet is on disk */
  save(): Promise<void>;
  /** the same for what must not fail because the disk is full, as going back: a failure is logged and tried again */
  saveOrRetry(): Promise<void>;
  /** Operate itself sent it to a balancer, to find out whether the service is well */
  isCheck(request: IncomingMessage): boolean;
  /** a balancer threw at a request, which has ended */
  fault(error: unknown): void;
}

interface UnitOptions {
  config: ServiceConfig;
  environment: string;
  settings: ServiceEnvironmentConfig;
  /** how its instances are started, as written; null: it left the configuration, and only what runs is kept */
  launch: LaunchRecord | null;
}

/** One service in one environment: its balancer and its instances. */
export class ServiceUnit {
  readonly ref: ServiceRef;
  readonly config: ServiceConfig;
  readonly settings: ServiceEnvironmentConfig;
  readonly balancer: Balancer;
  readonly instances = new Map<string, Instance>();
  port = 0;
  weights: Record<string, number> | null = null;
  /** the version whose share grows */
  candidate: string | null = null;
  /** of the rollout of `candidate`: by it callers are dealt to versions */
  #salt: string | null = null;
  /** why the balancer does not listen; null when it does */
  problem: string | null = null;
  /** why the weights are not those that were set last; null once somebody sets them, or one version is left */
  doubt: string | null = null;
  readonly #host: UnitHost;
  readonly #starting = new Map<string, Promise<Instance>>();
  readonly #launchAsConfigured: LaunchRecord | null;

  constructor(host: UnitHost, { config, environment, settings, launch }: UnitOptions) {
    this.#host = host;
    this.config = config;
    this.settings = settings;
    this.#launchAsConfigured = launch;
    this.ref = { service: config.name, environment };
    const { canary, previewHeader } = host.rulesOf(config.name);
    this.balancer = new Balancer(
      this.ref,
      {
        currentVersion: () => this.currentVersion(),
        refused: (id) => this.instances.get(id)?.suspect(),
        isCheck: (request) => host.isCheck(request),
        fault: (error) => host.fault(error),
      },
      balancerOptions(config.local.balancer),
      { sticky: canary.sticky, previewHeader },
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** false: only what runs is kept */
  get configured(): boolean {
    return this.#launchAsConfigured !== null;
  }

  isConfigured(version: string): boolean {
    return this.configured && this.config.local.versions.some((entry) => entry.version === version);
  }

  /** What may be started and given a share: the configured versions, and those that are kept though they are not. */
  get versions(): string[] {
    const configured = this.config.local.versions.map((entry) => entry.version);
    const kept = [...this.instances.values()].filter((one) => one.launch !== null && !one.removed);
    return [...new Set([...(this.configured ? configured : []), ...kept.map((one) => one.version)])];
  }

  record(): ServiceRecord {
    const instances = [...this.instances.values()].map((instance) => instance.record());
    const { ref, port, weights, candidate, doubt } = this;
    return { ...ref, port, weights, candidate, salt: this.#salt, doubt, instances };
  }

  describe(): Omit<PlatformService, "replicas"> {
    const instances = [...this.instances.values()].map((instance) => this.describeInstance(instance));
    const overloaded = this.balancer.overloaded();
    const { ref, url, weights, configured, problem, doubt: notice } = this;
    const currentVersion = this.currentVersion();
    const healthPath = healthPathOf(this.config);
    const { countedSince, pending } = this.balancer;
    return {
      ...{ ...ref, url, currentVersion, weights, configured, healthPath, problem, notice, instances, overloaded },
      ...{ countedSince, pending },
    };
  }

  describeInstance(instance: Instance): PlatformInstance {
    const { id, version, pid, port, state, reason, restarts, startedAt, createdAt, inFlight, key } = instance;
    const usage = this.usageOf(instance);
    return {
      ...this.ref,
      ...{ id, version, pid, port, state, restarts, startedAt, createdAt, inFlight, key },
      reason: reason ?? this.problem,
      configured: this.isConfigured(version),
      cpuPercent: usage?.cpuPercent ?? null,
      memoryBytes: usage?.memoryBytes ?? null,
    };
  }

  usageOf({ pid }: Instance): Usage | undefined {
    return pid === null ? undefined : this.#host.usageOf(pid);
  }

  /** The version most instances run that are not on their way out; of equals the one that was there first. */
  currentVersion(): string | null {
    const counts = new Map<string, number>();
    let current: string | null = null;
    for (const instance of this.instances.values())
      if (!instance.leaving) counts.set(instance.version, (counts.get(instance.version) ?? 0) + 1);
    for (const [version, count] of counts) if (count > (counts.get(current ?? "") ?? 0)) current = version;
    return current;
  }

  /** The instances of the very first start. */
  addInitial(): void {
    for (let i = 1; i <= this.settings.instances; i++)
      this.add(newRecord(this.settings.initialVersion, `initial:${this.ref.service}/${this.ref.environment}:${i}`));
  }

  /** What an earlier daemon wrote down. Weights of versions that neither run nor are configured are dropped. */
  restore(record: ServiceRecord): void {
    this.port = record.port;
    for (const { process: _, ...wanted } of record.instances) this.add(wanted);
    const there = new Set([...this.versions, ...record.instances.map((one) => one.version)]);
    const known = Object.entries(record.weights ?? {}).filter(([version]) => there.has(version));
    this.weights = known.some(([, weight]) => weight > 0) ? Object.fromEntries(known) : null;
    this.#setCandidate(this.weights === null ? null : record.candidate, record.salt);
    this.doubt = record.doubt;
    this.#settleDoubt();
  }

  /** An instance with this record, not started yet. */
  add(record: Omit<InstanceRecord, "process">): Instance {
    const { local } = this.config;
    const how =
      record.launch !== null && !this.isConfigured(record.version)
        ? record.launch
        : { ...local, readinessPath: readinessPathOf(this.config) };
    const host: InstanceHost = {
      readiness: { path: how.readinessPath, intervalMs: how.readinessIntervalMs, timeoutMs: how.readinessTimeoutMs },
      stopTimeoutMs: how.stopTimeoutMs,
      freePort: () => this.#host.freePort(),
      launch: (instance, port) => this.#launch(instance, port),
      createTarget: (...args) => this.balancer.createTarget(...args),
      lastWords: (id) => this.#host.logs.lastWords(id),
      diskFull: () => this.#host.logs.diskFull(),
      endLeftovers: (id) => endLeftovers(id, this.#host.dataDir),
      changed: (what) => this.#onChanged(what),
    };
    const instance = new Instance(host, record);
    const now = this.#launchAsConfigured;
    // balancer and health path are the service's: they count as configured last, however the instance was started
    if (now !== null && this.isConfigured(record.version))
      instance.launch = { ...(instance.launch ?? now), balancer: now.balancer, healthPath: now.healthPath };
    this.instances.set(instance.id, instance);
    return instance;
  }

  /**
   * One instance per key, also when it is asked for twice at once.
   * @throws NOT_FOUND for a version the configuration does not list, PRECONDITION when the balancer does not listen or
   * the disk is full
   */
  start(version: string, key: string): Promise<Instance> {
    const starting = this.#starting.get(key) ?? this.#start(version, key).finally(() => this.#starting.delete(key));
    this.#starting.set(key, starting);
    return starting;
  }

  async #start(version: string, key: string): Promise<Instance> {
    for (const instance of this.instances.values()) if (instance.key === key && !instance.removed) return instance;
    if (!this.versions.includes(version)) throw this.#unknownVersion(version);
    if (this.problem !== null) throw new AppError("PRECONDITION", this.problem);
    const instance = this.add(newRecord(version, key));
    try {
      await this.#host.save();
    } catch (error) {
      // What cannot be written down is not started: after a crash nobody would know of it.
      this.instances.delete(instance.id);
      throw error;
    }
    await instance.start();
    await this.#host.saveOrRetry();
    return instance;
  }

  #unknownVersion(given: string): AppError {
    return unknownName({ what: "version", given, allowed: this.versions, intro: `Versions of ${this.ref.service}` });
  }

  /** Resolves when the process is gone and will not come back, with what did not go as it should. */
  async stop(instance: Instance, drainTimeoutMs: number): Promise<{ note: string | null }> {
    if (!instance.removed) {
      instance.removed = true;
      this.refreshRotation();
      await this.#host.saveOrRetry();
    }
    const note = await instance.stop(drainTimeoutMs);
    this.instances.delete(instance.id);
    this.#settleDoubt();
    this.refreshRotation();
    await this.#host.saveOrRetry();
    return { note };
  }

  /** Stops the balancer and all instances, which stay wanted. Connections are cut after SIGTERM, not before. */
  async close(drainTimeoutMs: number): Promise<void> {
    let stopped: Promise<unknown> = Promise.resolve();
    await this.balancer.close(drainTimeoutMs, async () => {
      stopped = Promise.all([...this.instances.values()].map((one) => one.stop(0)));
      await Promise.race([stopped, sleep(GOODBYE_MS, undefined, { ref: false })]);
    });
    await stopped;
  }

  /** With one version left there is nothing to share out: a later deployment must not meet the doubt again. */
  #settleDoubt(): void {
    if (new Set([...this.instances.values()].map((one) => one.version)).size < 2) this.doubt = null;
  }

  async setWeights(weights: Record<string, number> | null, candidate: string | null): Promise<void> {
    const unknown = Object.keys(weights ?? {}).find((version) => !this.versions.includes(version));
    if (unknown !== undefined) throw this.#unknownVersion(unknown);
    this.weights = weights;
    const shared = weights === null ? null : candidate;
    this.#setCandidate(shared, shared === this.candidate ? this.#salt : null);
    this.doubt = null;
    this.refreshRotation();
    await this.#host.saveOrRetry();
  }

  #setCandidate(candidate: string | null, salt: string | null): void {
    this.candidate = candidate;
    this.#salt = candidate === null ? null : (salt ?? newSalt());
  }

  refreshRotation(): void {
    const targets = [...this.instances.values()].flatMap((one) => (one.inRotation && one.target ? [one.target] : []));
    this.balancer.rotation.update(targets, this.weights);
    this.balancer.routes.update(this.weights, this.candidate, this.#salt);
  }

  command(instanceId: string, version: string, port: number, recorded: LaunchRecord | null = null) {
    const { command, cwd, env } = recorded ?? { ...this.config.local, env: this.settings.env };
    return instanceCommand({
      service: { name: this.config.name, local: { command, cwd } },
      environment: this.ref.environment,
      settings: { env },
      configDir: this.#host.configDir,
      dataDir: this.#host.dataDir,
      ...{ instanceId, version, port },
      urlOf: (service) => this.#host.urlOf(service, this.ref.environment),
      outerEnv: process.env,
    });
  }

  async #launch(instance: Instance, port: number) {
    const stdoutFile = this.#host.logs.file(instance.id, "out");
    const stderrFile = this.#host.logs.file(instance.id, "err");
    await this.#host.logs.begin(instance.id, { ...this.ref, version: instance.version });
    const recorded = this.#recordedLaunch(instance);
    const written = recorded ?? this.#launchAsConfigured;
    if (written !== null) await this.#host.keepValues(instance.id, written);
    const command = this.command(instance.id, instance.version, port, recorded && withSecrets(recorded, process.env));
    const env = {
      ...command.env,
      [LAUNCH_VARIABLE]: randomUUID(),
      [BALANCER_VARIABLE]: String(this.port),
      [GENERATION_VARIABLE]: String(this.#host.generation()),
    };
    const running = await launch({ ...command, env, stdoutFile, stderrFile });
    instance.launch = written;
    return running;
  }

  /**
   * Null where the configuration still says how. An older Operate wrote nothing down: there the configured command
   * serves, if it names the version it starts; no other version may take its place.
   * @throws PRECONDITION when nobody knows any more how the version is started
   */
  #recordedLaunch({ version, launch: recorded }: Instance): LaunchRecord | null {
    if (this.isConfigured(version)) return null;
    const same = [...this.instances.values()].find((one) => one.version === version && one.launch !== null);
    const found = recorded ?? same?.launch ?? null;
    if (found !== null) return found;
    if (this.#launchAsConfigured?.command.some((part) => part.includes("{version}"))) return this.#launchAsConfigured;
    const message = `${version} is no longer configured, and how it was started is not recorded. Deploy another version, or list it under local.versions again.`;
    throw new AppError("PRECONDITION", message);
  }

  #onChanged(what: "wanted" | "seen"): void {
    this.refreshRotation();
    if (what === "wanted") void this.#host.saveOrRetry();
  }
}

export const newRecord = (version: string, key: string): Omit<InstanceRecord, "process"> => ({
  id: newId("inst"),
  key,
  version,
  createdAt: new Date().toISOString(),
  restarts: 0,
  draining: false,
  removed: false,
  launch: null,
});

const balancerOptions = (set: ServiceConfig["local"]["balancer"]): BalancerOptions => ({
  connectMs: set.connectTimeoutMs,
  headersMs: set.responseTimeoutMs,
  bodyMs: set.idleTimeoutMs,
  streamMs: set.streamIdleTimeoutMs,
  queueMs: set.queueTimeoutMs,
  requestMs: set.requestTimeoutMs,
  keepAliveMs: set.keepAliveTimeoutMs,
  headMs: set.headTimeoutMs,
  clientMs: set.clientIdleTimeoutMs,
  instanceIdleMs: set.instanceIdleTimeoutMs,
  maxConnections: set.maxConnections,
  maxStreams: set.maxStreams,
  maxUpgraded: set.maxUpgraded,
  trustedProxies: set.trustedProxies,
});
