import { resolve } from "node:path";
import { z } from "zod";
import {
  healthPathOf,
  readinessPathOf,
  type ServiceConfig,
  type ServiceEnvironmentConfig,
  ServiceSchema,
} from "#server/agent/config-services.ts";
import { AppError } from "#server/agent/kernel/errors.ts";
import { configDir, type LoadedConfig, resolveReferences, writtenConfig } from "#server/config/load.ts";
import { placeholdersIn } from "#server/config/placeholders.ts";
import type { LaunchRecord, ServiceRecord } from "../state/state-file.ts";

/** How instances are started, kept beside what runs so that it can be started again once the configuration forgot it. */

const Written = z.object({
  services: z.array(
    z.object({
      local: z.object({ command: z.array(z.string()), cwd: z.string().optional() }),
      environments: z.record(z.string(), z.object({ env: z.record(z.string(), z.string()).optional() }).nullable()),
    }),
  ),
});

/**
 * What the configuration says about starting a service, per service name and environment, with references to secrets
 * and addresses as they are written.
 */
export function launchRecords(loaded: LoadedConfig): (service: ServiceConfig, environment: string) => LaunchRecord {
  const parsed = Written.safeParse(writtenConfig(loaded.text));
  return (service, environment) => {
    const written = parsed.data?.services[loaded.config.services.indexOf(service)];
    const { command, cwd, readinessIntervalMs, readinessTimeoutMs, stopTimeoutMs, balancer } = service.local;
    return {
      command: written?.local.command ?? command,
      cwd: resolve(configDir(loaded), written?.local.cwd ?? cwd),
      env: written?.environments[environment]?.env ?? {},
      ...{ healthPath: healthPathOf(service), readinessPath: readinessPathOf(service) },
      ...{ readinessIntervalMs, readinessTimeoutMs, stopTimeoutMs, balancer },
    };
  };
}

/** A service as one of its instances was started: what takes the place of a configuration that names it no more. */
export function recordedService(service: string, record: LaunchRecord, versions: readonly string[]): ServiceConfig {
  const { healthPath, env: _, balancer, ...local } = record;
  const distinct = [...new Set(versions)];
  const build = (settings: LaunchRecord["balancer"]) => ({
    name: service,
    healthPath,
    local: { ...local, versions: distinct.map((version) => ({ version })), balancer: settings },
    environments: {},
  });
  const whole = ServiceSchema.safeParse(build(balancer));
  return whole.success ? whole.data : ServiceSchema.parse(build({})); // settings that this release knows no more
}

/** The unit's share of a recorded service, for which `recordedService` stands in. */
export const recordedSettings = (record: ServiceRecord): ServiceEnvironmentConfig => ({
  instances: record.instances.length,
  initialVersion: record.instances[0]?.version ?? "",
  port: 0,
  env: {},
});

/** The record with its references to secrets resolved. @throws PRECONDITION naming the variable that is not set */
export function withSecrets(record: LaunchRecord, env: NodeJS.ProcessEnv): LaunchRecord {
  const missing: string[] = [];
  const resolved = resolveReferences(record, env, (message) => missing.push(message)) as LaunchRecord;
  if (missing.length > 0) throw new AppError("PRECONDITION", missing.join("; "));
  return resolved;
}

const REFERENCE = /(\$\{(?:env|secret|url):[^{}]*\})/;
const SPECIAL = /[.*+?^${}()|[\]\\]/g;

/**
 * What the references of a record stood for when a process was started, by variable, as its environment (`NAME=value`
 * each) tells; `${url:…}` is the platform's and left out.
 */
export function startedWith(record: Pick<LaunchRecord, "env">, environment: readonly string[]): NodeJS.ProcessEnv {
  const found: Record<string, string> = {};
  for (const [name, written] of Object.entries(record.env)) {
    const parts = written.split(REFERENCE);
    const pattern = parts.map((part, i) => (i % 2 === 1 ? "(.*?)" : part.replace(SPECIAL, "\\$&"))).join("");
    const line = environment.find((one) => one.startsWith(`${name}=`));
    const values = new RegExp(`^${pattern}$`, "s").exec(line?.slice(name.length + 1) ?? "")?.slice(1) ?? [];
    for (const [i, value] of values.entries())
      for (const { variable } of placeholdersIn(parts[2 * i + 1])) found[variable] = value;
  }
  return found as NodeJS.ProcessEnv;
}
