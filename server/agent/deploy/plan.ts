import type { OperateAgentConfig } from "../config.ts";
import { describeSeconds } from "../kernel/durations.ts";
import { AppError } from "../kernel/errors.ts";
import type { PlatformInstance } from "../ports/platform.ts";
import { surgeOf } from "./rolling.ts";
import type { DeploymentView } from "./schema.ts";

/** A deployment as it was asked for, checked against the configuration. */
export interface Target {
  service: string;
  environment: string;
  version: string;
  options: DeploymentView["options"];
}

interface Asked {
  service?: string | undefined;
  environment: string;
  version: string;
  rollbackOnFailure: boolean;
  healthCheckTimeout: number;
  timeoutSeconds?: number | undefined;
  maxSurgePercent: number;
  maxUnavailable: number;
}

const listed = (names: readonly string[]) => names.join(", ") || "none";

/** @throws NOT_FOUND for a service, environment or version that is not configured, INVALID when the service is missing; `details.allowed` has what there is. */
export function resolveTarget(config: OperateAgentConfig, asked: Asked): Target {
  const names = config.services.map((one) => one.name);
  const name = asked.service ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined)
    throw new AppError("INVALID", `Say which service to deploy. Known services: ${listed(names)}.`, {
      details: { missing: "service", allowed: names },
    });
  const service = config.services.find((one) => one.name === name);
  if (!service) throw unknown("service", name, names, `Known services: ${listed(names)}.`);
  const environments = Object.keys(service.environments);
  const environment = service.environments[asked.environment];
  if (!environment || !environments.includes(asked.environment))
    throw unknown("environment", asked.environment, environments, `${name} runs in: ${listed(environments)}.`);
  const versions = service.local.versions.map((one) => one.version);
  if (!versions.includes(asked.version))
    throw unknown("version", asked.version, versions, `Versions of ${name}: ${listed(versions)}.`);
  const wanted = environment.instances;
  return {
    service: name,
    environment: asked.environment,
    version: asked.version,
    options: {
      rollbackOnFailure: asked.rollbackOnFailure,
      healthCheckTimeoutSeconds: asked.healthCheckTimeout,
      timeoutSeconds: asked.timeoutSeconds ?? config.deploymentConfig.timeoutSeconds,
      instances: wanted,
      maxSurge: surgeOf(wanted, asked.maxSurgePercent),
      maxUnavailable: Math.min(asked.maxUnavailable, wanted),
    },
  };
}

const unknown = (what: string, given: string, allowed: string[], way: string) =>
  new AppError("NOT_FOUND", `There is no ${what} ${given}. ${way}`, { details: { [what]: given, allowed } });

/** The version to go back to: the most common one that is not the new one; null when nothing else runs. */
export function previousVersionOf(instances: readonly PlatformInstance[], version: string): string | null {
  const counts = new Map<string, number>();
  for (const one of instances)
    if (one.version !== version && one.state !== "draining" && one.state !== "stopping")
      counts.set(one.version, (counts.get(one.version) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

/** @throws PRECONDITION when every instance already runs the version; `details.allowed` has the other versions. */
export function refuseWhatRuns(
  config: OperateAgentConfig,
  target: Target,
  instances: readonly PlatformInstance[],
): void {
  if (instances.length === 0 || instances.some((one) => one.version !== target.version)) return;
  const { service, environment, version } = target;
  const versions = config.services.find((one) => one.name === service)?.local.versions ?? [];
  const allowed = versions.map((one) => one.version).filter((one) => one !== version);
  throw new AppError(
    "PRECONDITION",
    `${service} ${version} already runs everywhere in ${environment}. Other versions: ${listed(allowed)}.`,
    { details: { version, allowed } },
  );
}

/** Services that lean on this one, directly or through others. */
export function blastRadius(config: OperateAgentConfig, service: string): string[] {
  const found = new Set<string>();
  const pending = [service];
  for (let name = pending.pop(); name !== undefined; name = pending.pop())
    for (const one of config.services)
      if (one.dependsOn.includes(name) && one.name !== service && !found.has(one.name)) {
        found.add(one.name);
        pending.push(one.name);
      }
  return [...found].sort();
}

/** What will happen, step by step, what it may touch, and how to undo it. */
export function describePlan(
  config: OperateAgentConfig,
  { service, environment, version, options }: Target,
  previous: string | null,
  running: number,
): string[] {
  const { instances, maxSurge, maxUnavailable, healthCheckTimeoutSeconds, timeoutSeconds } = options;
  const affected = blastRadius(config, service);
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
  const from = previous ? `${count(running, "instance")} of ${previous}` : `${count(running, "instance")}`;
  return [
    `${service} in ${environment}: from ${from} to ${count(instances, "instance")} of ${version}.`,
    `Start ${count(maxSurge, "instance")} of ${version} at a time beside what runs, and give each ${describeSeconds(healthCheckTimeoutSeconds)} to become ready.`,
    `When one is ready, take one old instance out of the balancer, let its requests finish, and stop it; ${maxUnavailable === 0 ? `never fewer than ${instances} serve` : `at least ${instances - maxUnavailable} of ${instances} serve`}.`,
    `Repeat until ${instances} of ${version} are ready and nothing else runs, within ${describeSeconds(timeoutSeconds)} in all.`,
    options.rollbackOnFailure && previous
      ? `When a new instance fails or the time is up: start ${previous} again where it is missing, then stop ${version}, and open an incident.`
      : `When a new instance fails or the time is up: stop there, keep what serves, and open an incident. Nothing is rolled back${previous ? "" : ", because nothing else runs now"}.`,
    affected.length > 0
      ? `May be felt by ${affected.join(", ")}, which depend${affected.length === 1 ? "s" : ""} on ${service}.`
      : `No other service depends on ${service}.`,
    previous
      ? `To undo: cancel it while it runs; afterwards deploy ${previous} to ${environment}.`
      : "To undo: there is no version before it; deploy another version.",
  ];
}
