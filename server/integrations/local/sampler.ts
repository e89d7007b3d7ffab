import { setTimeout as sleep } from "node:timers/promises";
import { SAMPLE_MS } from "./balancer/traffic-ring.ts";
import type { Instance } from "./instance/instance.ts";
import type { UsageSampler } from "./instance/usage.ts";
import { ErrorLineCounter } from "./logs/error-lines.ts";
import type { LogStore } from "./logs/log-store.ts";
import type { ServiceUnit } from "./service-unit.ts";

const LOOK_MS = 250;

interface Sampled {
  units(): readonly ServiceUnit[];
  usage: UsageSampler;
  logs: LogStore;
  onFault(error: unknown): void;
}

/**
 * Tells each balancer's ring what the instances of its versions take: how many and how busy four times a second, the
 * rest at the end of each 2-second bucket, on the clock's even seconds, so that buckets and measurements agree.
 */
export class UnitSampler {
  readonly #sampled: Sampled;
  readonly #errorLines = new ErrorLineCounter();
  /** those whose log files were begun under our eyes; at a take-over the past is passed over */
  #known: Set<string> | null = null;

  constructor(sampled: Sampled) {
    this.#sampled = sampled;
  }

  /** Until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    let measuredMs = lastOn(SAMPLE_MS);
    while (!signal.aborted) {
      await sleep(lastOn(LOOK_MS) + LOOK_MS - Date.now(), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const boundaryMs = lastOn(SAMPLE_MS);
      try {
        this.#look();
        if (boundaryMs === measuredMs) continue; // any other one: a clock that is set leads back, too
        await this.#measure(boundaryMs);
      } catch (error) {
        this.#sampled.onFault(error);
      }
      measuredMs = boundaryMs;
    }
  }

  #look(): void {
    for (const unit of this.#sampled.units())
      for (const [version, instances] of versionsOf(unit)) {
        const ready = instances.filter((one) => one.state === "ready").length;
        const inFlight = instances.reduce((sum, one) => sum + one.inFlight, 0);
        unit.balancer.look(version, ready, inFlight);
      }
  }

  async #measure(boundaryMs: number): Promise<void> {
    const units = this.#sampled.units();
    const all = units.flatMap((unit) => [...unit.instances.values()]);
    await this.#sampled.usage.sample(all.flatMap((one) => one.pid ?? []));
    const files = new Set<string>();
    for (const unit of units)
      for (const [version, instances] of versionsOf(unit)) {
        const errorLines = await this.#countErrorLines(instances, files);
        unit.balancer.measure(version, { ...takenBy(unit, instances), errorLines }, boundaryMs);
      }
    this.#known = new Set(all.map((one) => one.id));
    this.#errorLines.keep(files);
  }

  async #countErrorLines(instances: readonly Instance[], files: Set<string>): Promise<number> {
    let count = 0;
    for (const { id } of instances)
      for (const kind of ["out", "err"] as const) {
        const path = this.#sampled.logs.file(id, kind);
        files.add(path);
        count += await this.#errorLines.countNew(path, kind, this.#known !== null && !this.#known.has(id));
      }
    return count;
  }
}

const lastOn = (stepMs: number): number => Math.floor(Date.now() / stepMs) * stepMs;

const versionsOf = (unit: ServiceUnit): Map<string, Instance[]> =>
  Map.groupBy(unit.instances.values(), (one) => one.version);

/**
 * CPU time of all, as for a whole bucket even when the measurement came a little late, and memory of those that are
 * ready; null while one of these was not measured yet.
 */
function takenBy(unit: ServiceUnit, instances: readonly Instance[]) {
  const ready = instances.filter((one) => one.state === "ready");
  const known = ready.length > 0 && ready.every((one) => unit.usageOf(one) !== undefined);
  if (!known) return { cpuMs: null, memoryBytes: null };
  const total = (some: readonly Instance[], field: "cpuPercent" | "memoryBytes") =>
    some.reduce((sum, one) => sum + (unit.usageOf(one)?.[field] ?? 0), 0);
  return { cpuMs: (total(instances, "cpuPercent") / 100) * SAMPLE_MS, memoryBytes: total(ready, "memoryBytes") };
}
