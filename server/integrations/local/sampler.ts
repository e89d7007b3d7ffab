import { ErrorLineCounter } from "./error-lines.ts";
import type { Fleet } from "./fleet.ts";
import type { ServiceUnit } from "./service-unit.ts";

/** Tells each balancer's ring every second what the instances of each version take. */
export class UnitSampler {
  readonly #errorLines = new ErrorLineCounter();
  #known = new Set<string>();

  /** `elapsedMs` since CPU was measured last; null when it was not measured this time. */
  async sample(units: readonly ServiceUnit[], logs: Fleet["logs"], elapsedMs: number | null): Promise<void> {
    const files = new Set<string>();
    const known = new Set<string>();
    for (const unit of units) {
      const byVersion = Map.groupBy(unit.instances.values(), (one) => one.version);
      for (const [version, instances] of byVersion) {
        let errorLines = 0;
        for (const { id } of instances) {
          known.add(id);
          for (const kind of ["out", "err"] as const) {
            const path = logs.file(id, kind);
            files.add(path);
            // an instance that is new to us began its file under our eyes; at a take-over the past is passed over
            errorLines += await this.#errorLines.countNew(path, kind, this.#known.size > 0 && !this.#known.has(id));
          }
        }
        const usage = instances.flatMap((one) => unit.usageOf(one) ?? []);
        const serving = instances.filter((one) => one.state === "ready" || one.state === "draining");
        const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
        const measured = usage.length > 0;
        const cpuMs =
          measured && elapsedMs !== null ? total(usage.map((one) => (one.cpuPercent / 100) * elapsedMs)) : null;
        unit.balancer.measure(version, {
          cpuMs,
          memoryBytes: measured ? total(usage.map((one) => one.memoryBytes)) : null,
          instances: serving.length,
          inFlight: total(instances.map((one) => one.inFlight)),
          errorLines,
        });
      }
    }
    this.#known = known;
    this.#errorLines.keep(files);
  }
}
