import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { AppError } from "#server/agent/kernel/errors.ts";
import type { PlatformService, ServiceRef, TrafficCounts } from "#server/agent/ports/platform.ts";
import { configDir, type LoadedConfig } from "#server/config/load.ts";
import { freePort } from "./free-port.ts";
import type { Instance } from "./instance.ts";
import { LogStore } from "./log-store.ts";
import type { LocalPaths } from "./paths.ts";
import { adopt, signalGroup, terminate } from "./process.ts";
import { newRecord, ServiceUnit, type UnitHost } from "./service-unit.ts";
import { type ServiceRecord, StateFile } from "./state-file.ts";
import { stopOrder } from "./stop-order.ts";
import { endStrays } from "./strays.ts";
import { UsageSampler } from "./usage.ts";

const TICK_MS = 1_000;
const USAGE_EVERY_TICKS = 2;
const PRUNE_EVERY_TICKS = 600;
const CLOSE_DRAIN_MS = 3_000;
const REMOVED_SERVICE_STOP_MS = 10_000;

const keyOf = (ref: ServiceRef): string => `${ref.service}/${ref.environment}`;

/** Everything the daemon runs: a unit per service and environment of the configuration. */
export class Fleet {
  readonly logs: LogStore;
  readonly #units = new Map<string, ServiceUnit>();
  readonly #loaded: LoadedConfig;
  readonly #dataDir: string;
  readonly #logger: Logger;
  readonly #state: StateFile;
  readonly #usage = new UsageSampler();
  readonly #reserved = new Set<number>();
  readonly #ticking = new AbortController();
  /** records of services that left the configuration, until their instances are gone */
  #orphans: ServiceRecord[] = [];
  #opened = false;

  constructor(options: { loaded: LoadedConfig; dataDir: string; paths: LocalPaths; logger: Logger }) {
    this.#loaded = options.loaded;
    this.#dataDir = options.dataDir;
    this.#logger = options.logger;
    this.#state = new StateFile(options.paths.state);
    this.logs = new LogStore(options.paths.logs);
  }

  /**
   * Takes over what still runs, starts what is wanted and does not, opens the balancers.
   * @throws PRECONDITION for an unreadable state or a taken port, INVALID for a `${url:…}` that leads nowhere
   */
  async open(): Promise<void> {
    const saved = this.#state.load();
    this.#createUnits(saved ?? []);
    for (const unit of this.#units.values()) unit.command("check", unit.settings.initialVersion, 0);
    const known = await this.#adoptAll(saved ?? []);
    for (const unit of this.#units.values()) await this.#openBalancer(unit);
    for (const group of endStrays(this.#dataDir, this.#pids()))
      this.#logger.warn({ group }, "ended an instance that no state file knew");
    this.#opened = true;
    await this.save();
    await Promise.all([...this.#units.values()].map((unit) => this.#startWanted(unit, known)));
    await this.save();
    void this.#tick();
    void this.#stopOrphans();
  }

  listServices(): PlatformService[] {
    return [...this.#units.values()].map((unit) => unit.describe());
  }

  /** @throws NOT_FOUND naming what exists · UPSTREAM_UNAVAILABLE once the daemon is stopping */
  unit(ref: ServiceRef): ServiceUnit {
    if (this.#ticking.signal.aborted)
      throw new AppError("UPSTREAM_UNAVAILABLE", "The local platform is stopping. Start Operate again first.");
    const unit = this.#units.get(keyOf(ref));
    if (unit !== undefined) return unit;
    const refs = [...this.#units.values()].map((one) => one.ref);
    const allowed = refs.filter((one) => one.service === ref.service).map((one) => one.environment);
    if (allowed.length > 0)
      throw new AppError(
        "NOT_FOUND",
        `${ref.service} does not run in ${ref.environment}. It runs in ${allowed.join(", ")}.`,
        {
          details: { allowed },
        },
      );
    const services = [...new Set(refs.map((one) => one.service))];
    throw new AppError("NOT_FOUND", `No service is named ${ref.service}. Known: ${services.join(", ") || "none"}.`, {
      details: { allowed: services },
    });
  }

  find(instanceId: string): { unit: ServiceUnit; instance: Instance } | null {
    for (const unit of this.#units.values()) {
      const instance = unit.instances.get(instanceId);
      if (instance !== undefined) return { unit, instance };
    }
    return null;
  }

  /** @throws NOT_FOUND naming the instances there are */
  get(instanceId: string): { unit: ServiceUnit; instance: Instance } {
    const found = this.find(instanceId);
    if (found !== null) return found;
    const allowed = [...this.#units.values()].flatMap((unit) => [...unit.instances.keys()]);
    throw new AppError("NOT_FOUND", `No instance ${instanceId} runs here. List the services to see those that do.`, {
      details: { allowed },
    });
  }

  trafficSince(sinceMs: number): TrafficCounts[] {
    return [...this.#units.values()].flatMap((unit) => unit.balancer.trafficSince(sinceMs));
  }

  /** Until everything is opened nothing is written: a half-read state must not replace a whole one. */
  save(): Promise<void> {
    if (!this.#opened) return Promise.resolve();
    return this.#state.save([...[...this.#units.values()].map((unit) => unit.record()), ...this.#orphans]);
  }

  /** Stops balancers and instances, those who call before those who are called; what is wanted stays on disk. */
  async close(): Promise<void> {
    this.#ticking.abort();
    for (const level of stopOrder(this.#loaded.config.services)) {
      const units = [...this.#units.values()].filter((unit) => level.includes(unit.ref.service));
      await Promise.all(units.map((unit) => unit.balancer.close(CLOSE_DRAIN_MS)));
      await Promise.all(units.flatMap((unit) => [...unit.instances.values()].map((one) => one.stop(CLOSE_DRAIN_MS))));
    }
    await this.save();
  }

  /** Ends every instance at once: whoever asked to stop does not want to wait any longer. */
  hurry(): void {
    for (const { pid } of this.#instances()) if (pid !== null) signalGroup(pid, "SIGKILL");
  }

  #createUnits(saved: ServiceRecord[]): void {
    const host: UnitHost = {
      configDir: configDir(this.#loaded),
      dataDir: this.#dataDir,
      logs: this.logs,
      freePort: () => this.#freePort(),
      urlOf: (service, environment) => this.#units.get(keyOf({ service, environment }))?.url,
      usageOf: (pid) => this.#usage.of(pid),
      save: () => this.save(),
    };
    for (const service of this.#loaded.config.services)
      for (const [environment, settings] of Object.entries(service.environments)) {
        const unit = new ServiceUnit(host, service, environment, settings);
        this.#units.set(keyOf(unit.ref), unit);
      }
    this.#orphans = saved.filter((record) => !this.#units.has(keyOf(record)));
    for (const record of saved) this.#reserved.add(record.port);
    for (const record of saved) {
      const unit = this.#units.get(keyOf(record));
      if (unit === undefined) continue;
      unit.port = record.port;
      const known = Object.entries(record.weights ?? {}).filter(([version]) => unit.versions.includes(version));
      unit.weights = record.weights === null || known.length === 0 ? null : Object.fromEntries(known);
    }
  }

  async #openBalancer(unit: ServiceUnit): Promise<void> {
    const fixed = unit.settings.port;
    const wanted = fixed === 0 ? unit.port : fixed;
    try {
      unit.port = await unit.balancer.listen(wanted === 0 ? await this.#freePort() : wanted);
    } catch (error) {
      if (fixed !== 0 || wanted === 0) throw error;
      // Instances that still run were told the old address; they learn the new one when they are replaced.
      unit.port = await unit.balancer.listen(await this.#freePort());
      this.#logger.warn({ ...unit.ref, old: wanted, port: unit.port }, "the balancer's port was taken, it moved");
    }
    this.#reserved.add(unit.port);
  }

  /** Returns the units whose state was known before. */
  async #adoptAll(saved: ServiceRecord[]): Promise<Set<ServiceUnit>> {
    const known = new Set<ServiceUnit>();
    const work: Promise<void>[] = [];
    for (const record of saved) {
      const unit = this.#units.get(keyOf(record));
      if (unit === undefined) continue;
      known.add(unit);
      for (const { process, ...wanted } of record.instances) {
        const instance = unit.add(wanted);
        if (process === null) continue;
        work.push(
          instance.adopt(process).then((alive) => {
            if (alive) this.#logger.info({ ...unit.ref, id: instance.id, pid: process.pid }, "took over an instance");
          }),
        );
      }
    }
    await Promise.all(work);
    return known;
  }

  async #startWanted(unit: ServiceUnit, known: ReadonlySet<ServiceUnit>): Promise<void> {
    if (!known.has(unit))
      for (let i = 1; i <= unit.settings.instances; i++)
        unit.add(newRecord(unit.settings.initialVersion, `initial:${keyOf(unit.ref)}:${i}`));
    const starts: Promise<void>[] = [];
    for (const instance of [...unit.instances.values()]) {
      if (instance.removed) void unit.stop(instance, CLOSE_DRAIN_MS);
      else if (instance.pid === null) starts.push(this.#startCold(unit, instance));
    }
    await Promise.all(starts);
  }

  /** A version that left the configuration meanwhile cannot be started; the initial one takes its place. */
  #startCold(unit: ServiceUnit, instance: Instance): Promise<void> {
    if (unit.versions.includes(instance.version)) return instance.start();
    const { initialVersion } = unit.settings;
    this.#logger.warn(
      { ...unit.ref, version: instance.version, initialVersion },
      "the version is no longer configured",
    );
    unit.instances.delete(instance.id);
    return unit.add(newRecord(initialVersion, `${instance.key}:replaced`)).start();
  }

  async #stopOrphans(): Promise<void> {
    for (const record of this.#orphans) {
      this.#logger.info({ service: record.service, environment: record.environment }, "left the configuration");
      const running = record.instances.map(({ process }) => (process ? adopt(process.pid, process.identity) : null));
      await Promise.all(running.map((one) => (one === null ? undefined : terminate(one, REMOVED_SERVICE_STOP_MS))));
    }
    this.#orphans = [];
    await this.save();
  }

  /** The groups that must live on: those taken over, and those of orphans that are stopped in order. */
  #pids(): Set<number> {
    const orphans = this.#orphans.flatMap((record) => record.instances.map((one) => one.process?.pid ?? 0));
    return new Set([...this.#instances().map((instance) => instance.pid ?? 0), ...orphans]);
  }

  #instances(): Instance[] {
    return [...this.#units.values()].flatMap((unit) => [...unit.instances.values()]);
  }

  async #freePort(): Promise<number> {
    const inUse = this.#instances().map((instance) => instance.port);
    const port = await freePort(new Set([...this.#reserved, ...inUse]));
    this.#reserved.add(port);
    // Long enough for the process to open it; after that the listener itself keeps others away.
    setTimeout(() => this.#release(port), 30_000).unref();
    return port;
  }

  #release(port: number): void {
    const balancers = [...this.#units.values()].map((unit) => unit.port);
    if (!balancers.includes(port)) this.#reserved.delete(port);
  }

  async #tick(): Promise<void> {
    const { signal } = this.#ticking;
    for (let tick = 0; !signal.aborted; tick++) {
      const instances = this.#instances();
      try {
        await this.logs.watch(instances.map((instance) => instance.id));
        const pids = instances.flatMap((instance) => instance.pid ?? []);
        if (tick % USAGE_EVERY_TICKS === 0) await this.#usage.sample(pids);
        if (tick % PRUNE_EVERY_TICKS === 0) await this.logs.prune(new Set(instances.map((instance) => instance.id)));
      } catch (error) {
        this.#logger.warn({ err: error }, "measuring the instances failed, trying again");
      }
      await sleep(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
