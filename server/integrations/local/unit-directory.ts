import { unknownEnvironment, unknownName } from "#server/agent/kernel/allowed-names.ts";
import type { ServiceRef } from "#server/agent/ports/workloads.ts";
import type { Instance } from "./instance/instance.ts";
import type { ServiceUnit } from "./service-unit.ts";

export const keyOf = (ref: ServiceRef): string => `${ref.service}/${ref.environment}`;

/** The units of a daemon, found by what people call them; who asks for what is not there is told what is. */
export class UnitDirectory {
  readonly #units = new Map<string, ServiceUnit>();

  add(unit: ServiceUnit): void {
    this.#units.set(keyOf(unit.ref), unit);
  }

  all(): ServiceUnit[] {
    return [...this.#units.values()];
  }

  instances(): Instance[] {
    return this.all().flatMap((unit) => [...unit.instances.values()]);
  }

  find(ref: ServiceRef): ServiceUnit | undefined {
    return this.#units.get(keyOf(ref));
  }

  /** @throws NOT_FOUND naming the services, or the environments of this one */
  get(ref: ServiceRef): ServiceUnit {
    const unit = this.find(ref);
    if (unit !== undefined) return unit;
    const refs = this.all().map((one) => one.ref);
    const environments = refs.filter((one) => one.service === ref.service).map((one) => one.environment);
    const services = [...new Set(refs.map((one) => one.service))];
    if (environments.length > 0) throw unknownEnvironment(ref.service, ref.environment, environments);
    throw unknownName({ what: "service", given: ref.service, allowed: services });
  }

  findInstance(instanceId: string): { unit: ServiceUnit; instance: Instance } | null {
    for (const unit of this.#units.values()) {
      const instance = unit.instances.get(instanceId);
      if (instance !== undefined) return { unit, instance };
    }
    return null;
  }

  /** @throws NOT_FOUND naming the instances there are */
  getInstance(instanceId: string): { unit: ServiceUnit; instance: Instance } {
    const found = this.findInstance(instanceId);
    if (found !== null) return found;
    const ids = this.instances().map((instance) => instance.id);
    throw unknownName({ what: "instance", given: instanceId, allowed: ids });
  }
}
