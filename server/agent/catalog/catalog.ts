import type { OperateAgentConfig } from "../config.ts";
import { healthPathOf, type ServiceConfig, type ServiceEnvironmentConfig, settingsIn } from "../config-services.ts";
import { unknownEnvironment, unknownName } from "../kernel/allowed-names.ts";
import type { ServiceRef } from "../ports/workloads.ts";
import { productionEnvironments } from "./production.ts";

/** A service as every platform has it; what only its adapter needs to start it is not here. */
export type CatalogService = Omit<ServiceConfig, "local">;

export interface CatalogVersion {
  version: string;
  notes: string;
  /** ISO 8601, of its newest commit */
  committedAt?: string | undefined;
}

/** What is operated, as the configuration says: services, versions, environments, dependencies, owners. */
export interface Catalog {
  /** in the order of the configuration, as all lists of names here */
  services: readonly CatalogService[];
  serviceNames: readonly string[];
  environments: readonly string[];
  /** those where what happens, happens to customers */
  production: readonly string[];
  /** undefined: not configured */
  service(name: string | undefined): CatalogService | undefined;
  /** undefined: it does not run there */
  settingsIn(service: string, environment: string | undefined): ServiceEnvironmentConfig | undefined;
  runsIn(service: string, environment: string | undefined): boolean;
  /** each service in each of its environments */
  places(): ServiceRef[];
  /** empty for a service that is not configured, as the next two */
  environmentsOf(service: string): string[];
  versionsOf(service: string): readonly CatalogVersion[];
  /** what it calls itself */
  dependenciesOf(service: string): readonly string[];
  /** where it is asked whether it works; null: any answer of `/` will do */
  healthPathOf(service: string): string | null;
  /** services that call it themselves */
  dependentsOf(service: string): string[];
  /** what it needs in the environment, directly or through others, by name */
  allDependenciesOf(ref: ServiceRef): string[];
  /** services that need it, directly or through others, by name: its blast radius */
  allDependentsOf(service: string): string[];
  /** @throws NOT_FOUND for a service or environment that is not configured; `details.allowed` has what there is */
  getService(ref: ServiceRef): CatalogService;
  /** @throws NOT_FOUND for a version that is not configured; `details.allowed` has what there is */
  getVersion(service: string, version: string): CatalogVersion;
}

type Configured = Pick<OperateAgentConfig, "services" | "deploymentConfig">;

/** The catalog of a configuration. Pure; it keeps nothing of its own. */
export function catalogOf(config: Configured): Catalog {
  const { services } = config;
  const { environments } = config.deploymentConfig;
  const serviceNames = services.map(({ name }) => name);
  const find = (name: string | undefined): ServiceConfig | undefined => services.find((one) => one.name === name);
  const inEnvironment = (service: string, environment: string | undefined) => settingsIn(find(service), environment);
  const environmentsOf = (service: string): string[] => Object.keys(find(service)?.environments ?? {});
  const versionsOf = (service: string): readonly CatalogVersion[] => find(service)?.local.versions ?? [];
  const dependenciesOf = (service: string): readonly string[] => find(service)?.dependsOn ?? [];
  const dependentsOf = (service: string): string[] =>
    services.filter(({ dependsOn }) => dependsOn.includes(service)).map(({ name }) => name);
  return {
    ...{ services, serviceNames, environments, environmentsOf, versionsOf, dependenciesOf, dependentsOf },
    production: productionEnvironments(config),
    service: find,
    settingsIn: inEnvironment,
    runsIn: (service, environment) => inEnvironment(service, environment) !== undefined,
    places: () =>
      services.flatMap(({ name }) => environmentsOf(name).map((environment) => ({ service: name, environment }))),
    healthPathOf: (service) => {
      const found = find(service);
      return found ? healthPathOf(found) : null;
    },
    allDependenciesOf: ({ service, environment }) =>
      reachable(service, dependenciesOf).filter((name) => inEnvironment(name, environment) !== undefined),
    allDependentsOf: (service) => reachable(service, dependentsOf),
    getService({ service: name, environment }) {
      const service = find(name);
      if (!service) throw unknownService(name, serviceNames);
      if (!settingsIn(service, environment)) throw unknownEnvironment(name, environment, environmentsOf(name));
      return service;
    },
    getVersion(service, version) {
      const versions = versionsOf(service);
      const found = versions.find((one) => one.version === version);
      if (found) return found;
      throw unknownName({
        ...{ what: "version", given: version, allowed: versions.map((one) => one.version) },
        intro: `Versions of ${service}`,
        way: `To deploy another one, add it under versions of ${service} in the configuration and restart Operate.`,
      });
    },
  };
}

const unknownService = (given: string, allowed: readonly string[]) =>
  unknownName({
    ...{ what: "service", given, allowed, intro: "Known services" },
    way: "One that runs and is not among them is no longer configured: add it to services in the configuration and restart Operate.",
  });

/** All that is reached from a service over any number of steps, without itself, by name. */
function reachable(service: string, next: (name: string) => readonly string[]): string[] {
  const found = new Set<string>();
  const pending = [service];
  for (let name = pending.pop(); name !== undefined; name = pending.pop())
    for (const other of next(name)) {
      if (other === service || found.has(other)) continue;
      found.add(other);
      pending.push(other);
    }
  return [...found].sort();
}
