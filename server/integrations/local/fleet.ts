import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { rulesFor } from "#server/agent/deploy/config.ts";
import { CHECK_HEADER, isCheck } from "#server/agent/kernel/check-mark.ts";
import { AppError, toAppError } from "#server/agent/kernel/errors.ts";
import { configDir, type LoadedConfig, resolvedValues } from "#server/config/load.ts";
import { FaultLog } from "./fault-log.ts";
import { freePort } from "./instance/free-port.ts";
import { launchRecords, recordedService, recordedSettings, startedWith } from "./instance/launch-record.ts";
import { LaunchValues } from "./instance/launch-values.ts";
import { markedProcesses, stopOrphans } from "./instance/orphans.ts";
import { adopt, environmentOf, signalGroup, terminate } from "./instance/process.ts";
import { stopOrder } from "./instance/stop-order.ts";
import { UsageSampler } from "./instance/usage.ts";
import { InstanceLogFollower } from "./logs/follow-logs.ts";
import { LogStore } from "./logs/log-store.ts";
import { UnitSampler } from "./sampler.ts";
import { ServiceUnit, type UnitHost } from "./service-unit.ts";
import type { LocalPaths } from "./state/paths.ts";
import { recoverState } from "./state/recover-state.ts";
import { type LaunchRecord, type ServiceRecord, StateFile } from "./state/state-file.ts";
import { keyOf, UnitDirectory } from "./unit-directory.ts";

const TICK_MS = 1_000;
const PRUNE_EVERY_TICKS = 600;
const ORPHANS_EVERY_TICKS = 60;
const CLOSE_DRAIN_MS = 3_000;
const REMOVED_SERVICE_STOP_MS = 10_000;
/** Long enough for a new process to open its port; after that the listener itself keeps others away. */
const PORT_RESERVED_MS = 30_000;
/** Stands in where an older Operate recorded nothing: what runs is taken over, and checked by its listener alone. */
const UNKNOWN_LAUNCH: LaunchRecord = {
  ...{ command: ["unknown"], cwd: ".", env: {}, healthPath: null, readinessPath: null },
  ...{ readinessIntervalMs: 500, readinessTimeoutMs: 1_000, stopTimeoutMs: 10_000 },
};

/** Everything the daemon runs: a unit per service and environment that is configured, or that runs though it is not. */
export class Fleet {
  readonly units = new UnitDirectory();
  readonly logs: LogStore;
  readonly follower: InstanceLogFollower;
  readonly #loaded: LoadedConfig;
  readonly #dataDir: string;
  readonly #logger: Logger;
  readonly #faults: FaultLog;
  readonly #state: StateFile;
  readonly #values: LaunchValues;
  readonly #usage = new UsageSampler();
  readonly #reservedPorts = new Set<number>();
  readonly #ticking = new AbortController();
  /** records of services that `removedServices` names, until their instances are gone */
  #orphans: ServiceRecord[] = [];
  /** records of services that left the configuration and have no instances, so that nothing is begun anew later */
  #dormant: ServiceRecord[] = [];
  #opened = false;
  /** why the file on disk is older than what runs; null when it is not */
  #unsaved: AppError | null = null;
  /** what is asked of it now might not be written any more */
  #leaving = false;

  constructor(options: { loaded: LoadedConfig; dataDir: string; paths: LocalPaths; logger: Logger }) {
    this.#loaded = options.loaded;
    this.#dataDir = options.dataDir;
    this.#logger = options.logger;
    this.#faults = new FaultLog(options.logger, "a balancer failed at a request");
    this.#state = new StateFile(options.paths.state);
    this.#values = new LaunchValues(options.paths.values, process.env.OPERATE_VALUES_KEY, options.logger);
    this.logs = new LogStore(options.paths.logs);
    this.follower = new InstanceLogFollower(this.logs, () =>
      this.units
        .all()
        .flatMap((unit) =>
          [...unit.instances.values()].map(({ id, version }) => ({ ...unit.ref, instanceId: id, version })),
        ),
    );
  }

  /**
   * Takes over what still runs, opens the balancers, starts what is wanted and does not run.
   * @throws PRECONDITION for a state that nobody can tell any more, INVALID for a `${url:…}` that leads nowhere
   */
  async open(): Promise<void> {
    const saved = recoverState(this.#state, markedProcesses(this.#dataDir), this.#logger);
    this.#state.continueFrom(saved.generation);
    this.#createUnits(saved.services, saved.complete);
    for (const unit of this.units.all()) if (unit.configured) unit.command("check", unit.settings.initialVersion, 0);
    await this.#adoptAll(saved.services);
    for (const unit of this.units.all()) await this.#openBalancer(unit);
    await this.#stopOrphanProcesses();
    this.#opened = true;
    await this.saveOrRetry();
    await Promise.all(this.units.all().map((unit) => this.#startWanted(unit)));
    await this.saveOrRetry();
    void this.#tick();
    void this.#sample();
    this.#stopOrphans().catch((error: unknown) =>
      this.#logger.error({ err: error }, "a removed service may still run"),
    );
  }

  /** @throws UPSTREAM_UNAVAILABLE once the daemon is stopping */
  assertOpen(): void {
    if (this.#ticking.signal.aborted || this.#leaving)
      throw new AppError("UPSTREAM_UNAVAILABLE", "The local platform is stopping. Start Operate again first.");
  }

  /** Writes the state; what cannot be written now, as on a full disk, is tried again every second. Never throws. */
  async saveOrRetry(): Promise<void> {
    try {
      await this.save();
      if (this.#unsaved) this.#logger.info("the state could be written again");
      this.#unsaved = null;
    } catch (error) {
      if (!this.#unsaved) this.#logger.error({ err: error }, "the state could not be written, trying again");
      this.#unsaved = toAppError(error);
    }
  }

  /** Until everything is opened nothing is written: a half-read state must not replace a whole one. */
  save(): Promise<void> {
    if (!this.#opened) return Promise.resolve();
    return this.#state.save([...this.units.all().map((unit) => unit.record()), ...this.#orphans, ...this.#dormant]);
  }

  /** Stops balancers and instances, those who call before those who are called; what is wanted stays on disk. */
  async close(): Promise<void> {
    this.#ticking.abort();
    const configured = stopOrder(this.#loaded.config.services);
    // Nothing that is configured depends on what is not.
    const others = new Set(this.units.all().map(({ ref }) => ref.service));
    for (const name of configured.flat()) others.delete(name);
    for (const level of [[...others], ...configured]) {
      const units = this.units.all().filter((unit) => level.includes(unit.ref.service));
      await Promise.all(units.map((unit) => unit.close(CLOSE_DRAIN_MS)));
    }
    await this.saveOrRetry();
  }

  /**
   * Lets go of everything, which the next daemon takes over as it was written.
   * @throws PRECONDITION when it cannot be written: then all goes on here, as nobody else knows it
   */
  async leave(): Promise<void> {
    this.#leaving = true;
    await this.saveOrRetry();
    this.#leaving = false;
    if (this.#unsaved) throw new AppError("PRECONDITION", this.#unsaved.message, { cause: this.#unsaved });
    this.#ticking.abort();
  }

  /** Ends every instance at once: whoever asked to stop does not want to wait any longer. */
  hurry(): void {
    for (const { pid } of this.units.instances()) if (pid !== null) signalGroup(pid, "SIGKILL");
  }

  #createUnits(saved: ServiceRecord[], complete: boolean): void {
    const host: UnitHost = {
      configDir: configDir(this.#loaded),
      dataDir: this.#dataDir,
      logs: this.logs,
      freePort: () => this.#freePort(),
      rulesOf: (service) => rulesFor(this.#loaded.config, service),
      urlOf: (service, environment) => this.units.find({ service, environment })?.url,
      usageOf: (pid) => this.#usage.of(pid),
      keepValues: (id, recorded) => this.#values.add(id, resolvedValues(recorded, this.#loaded, process.env)),
      generation: () => this.#state.generation,
      save: () => this.save(),
      saveOrRetry: () => this.saveOrRetry(),
      isCheck: ({ headers, socket }) =>
        isCheck(process.env.OPERATE_INGEST_SECRET, headers[CHECK_HEADER], socket.localPort ?? 0),
      fault: (error) => this.#faults.note(error),
    };
    const launchOf = launchRecords(this.#loaded);
    for (const config of this.#loaded.config.services)
      for (const [environment, settings] of Object.entries(config.environments)) {
        const unit = new ServiceUnit(host, { config, environment, settings, launch: launchOf(config, environment) });
        this.units.add(unit);
        const record = saved.find((one) => keyOf(one) === keyOf(unit.ref));
        if (record !== undefined) unit.restore(record);
        else if (complete) unit.addInitial();
        else this.#logger.error(unit.ref, `what ran of ${keyOf(unit.ref)} is not known any more; deploy a version`);
      }
    for (const record of saved.filter((one) => this.units.find(one) === undefined)) this.#keep(host, record);
    for (const record of saved) this.#reservedPorts.add(record.port);
    for (const unit of this.units.all()) this.#warnOfDifferences(unit);
  }

  /** What runs stays as it was recorded: who changed the configuration learns what of it does not hold yet. */
  #warnOfDifferences(unit: ServiceUnit): void {
    const kept = [...unit.instances.values()].filter((one) => !one.removed);
    for (const { id, version } of kept)
      if (!unit.isConfigured(version))
        this.#logger.warn({ ...unit.ref, id, version }, "no longer configured; it is kept as it was recorded");
    const { instances: configured } = unit.settings;
    // several versions: a deployment is under way, which has more for a time
    if (kept.length > 0 && kept.length !== configured && new Set(kept.map((one) => one.version)).size === 1)
      this.#logger.warn(
        { ...unit.ref, running: kept.length, configured },
        `${keyOf(unit.ref)} keeps its ${kept.length} instances; the next deployment starts as many as are configured, ${configured}`,
      );
  }

  /** What left the configuration goes on, unless `removedServices` says that it shall end. */
  #keep(host: UnitHost, record: ServiceRecord): void {
    const { service, environment, instances } = record;
    const removed = this.#loaded.config.removedServices;
    if (removed.includes(service) || removed.includes(keyOf(record))) this.#orphans.push(record);
    else if (instances.length === 0) this.#dormant.push(record);
    else {
      const here = this.#loaded.config.services.find((one) => one.name === service);
      const versions = instances.map((one) => one.version);
      const launch = instances.find((one) => one.launch !== null)?.launch;
      const config = here ?? recordedService(service, launch ?? UNKNOWN_LAUNCH, versions);
      const unit = new ServiceUnit(host, { config, environment, settings: recordedSettings(record), launch: null });
      this.units.add(unit);
      unit.restore(record);
    }
  }

  async #adoptAll(saved: ServiceRecord[]): Promise<void> {
    const work = saved.flatMap((record) =>
      record.instances.map(async ({ id, process, launch }) => {
        if (process !== null && launch !== null && !this.#values.has(id))
          await this.#values.add(
            id,
            resolvedValues(launch, this.#loaded, startedWith(launch, environmentOf(process.pid))),
          );
        const found = this.units.findInstance(id);
        if (found === null || process === null || !(await found.instance.adopt(process))) return;
        this.#logger.info({ ...found.unit.ref, id, pid: process.pid }, "took over an instance");
      }),
    );
    await Promise.all(work);
  }

  async #openBalancer(unit: ServiceUnit): Promise<void> {
    const fixed = unit.settings.port;
    const wanted = fixed === 0 ? unit.port : fixed;
    try {
      unit.port = await unit.balancer.listen(wanted === 0 ? await this.#freePort() : wanted);
    } catch (error) {
      if (wanted === 0) throw error;
      if (fixed !== 0) {
        // The others go on; this one opens as soon as its port is free.
        unit.port = fixed;
        unit.problem = toAppError(error).message;
        this.#logger.error({ ...unit.ref, port: fixed }, unit.problem);
        return;
      }
      // Instances that still run were told the old address; they learn the new one when they are replaced.
      unit.port = await unit.balancer.listen(await this.#freePort());
      const holder = this.units.all().find((one) => one !== unit && one.port === wanted);
      const moved = `${keyOf(unit.ref)} moved from port ${wanted} to ${unit.port}: ${holder ? keyOf(holder.ref) : "another program"} listens there. Tell who calls it.`;
      this.#logger.error({ ...unit.ref, old: wanted, port: unit.port }, moved);
    }
    this.#reservedPorts.add(unit.port);
  }

  async #openAgain(unit: ServiceUnit): Promise<void> {
    const port = await unit.balancer.listen(unit.port).catch(() => null); // still taken
    if (port === null) return;
    unit.problem = null;
    this.#logger.info({ ...unit.ref, port }, "the balancer's port is free again");
  }

  async #startWanted(unit: ServiceUnit): Promise<void> {
    const starts: Promise<void>[] = [];
    for (const instance of [...unit.instances.values()]) {
      if (instance.removed)
        unit
          .stop(instance, CLOSE_DRAIN_MS)
          .catch((error: unknown) => this.#logger.error({ err: error, id: instance.id }, "a stop failed"));
      else if (instance.pid === null) starts.push(instance.start());
    }
    await Promise.all(starts);
  }

  async #stopOrphans(): Promise<void> {
    for (const record of this.#orphans) {
      this.#logger.info({ service: record.service, environment: record.environment }, "is among removedServices");
      const running = record.instances.map(({ process }) => (process ? adopt(process.pid, process.identity) : null));
      await Promise.all(running.map((one) => (one === null ? undefined : terminate(one, REMOVED_SERVICE_STOP_MS))));
    }
    this.#orphans = [];
    await this.saveOrRetry();
  }

  /** Orphans are stopped in order; of all others only the one process that is theirs lives on. */
  async #stopOrphanProcesses(): Promise<void> {
    const ended = await stopOrphans(this.#dataDir, (id) => {
      if (this.#orphans.some((record) => record.instances.some((one) => one.id === id))) return "unsettled";
      const instance = this.units.findInstance(id)?.instance;
      return instance?.unsettled ? "unsettled" : (instance?.pid ?? null);
    });
    for (const { instanceId, group, twin } of ended) {
      const what = twin ? `a second process of instance ${instanceId}` : `a process that was left of ${instanceId}`;
      this.#logger[twin ? "error" : "warn"]({ instanceId, group }, `ended ${what} (pid ${group})`);
    }
  }

  async #freePort(): Promise<number> {
    const inUse = this.units.instances().map((instance) => instance.port);
    const port = await freePort(new Set([...this.#reservedPorts, ...inUse]));
    this.#reservedPorts.add(port);
    setTimeout(() => {
      if (!this.units.all().some((unit) => unit.port === port)) this.#reservedPorts.delete(port);
    }, PORT_RESERVED_MS).unref();
    return port;
  }

  async #tick(): Promise<void> {
    const { signal } = this.#ticking;
    for (let tick = 0; !signal.aborted; tick++) {
      const ids = this.units.instances().map((instance) => instance.id);
      try {
        await this.logs.watch(ids);
        if (this.#unsaved) await this.saveOrRetry();
        await this.#values.write();
        for (const unit of this.units.all()) if (unit.problem !== null) await this.#openAgain(unit);
        if (tick % ORPHANS_EVERY_TICKS === ORPHANS_EVERY_TICKS - 1) await this.#stopOrphanProcesses();
        if (tick % PRUNE_EVERY_TICKS === 0)
          await this.#values.keepOnly(new Set([...ids, ...(await this.logs.prune(new Set(ids)))]));
      } catch (error) {
        this.#logger.warn({ err: error }, "looking after the services failed, trying again");
      }
      await sleep(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #sample(): Promise<void> {
    const sampler = new UnitSampler({
      units: () => this.units.all(),
      usage: this.#usage,
      logs: this.logs,
      onFault: (error) => this.#logger.warn({ err: error }, "measuring the instances failed, trying again"),
    });
    return sampler.run(this.#ticking.signal);
  }
}
