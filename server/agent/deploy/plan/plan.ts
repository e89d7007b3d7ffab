import type { OperateAgentConfig } from "../../config.ts";
import { rulesFor } from "../../config-deployment.ts";
import type { ServiceConfig } from "../../config-services.ts";
import { settingsIn } from "../../config-services.ts";
import { listedNames, unknownEnvironment, unknownName } from "../../kernel/allowed-names.ts";
import { AppError } from "../../kernel/errors.ts";
import type { PlatformInstance, ServiceRef } from "../../ports/workloads.ts";
import type { DeploymentOptions } from "../record/store.ts";
import { surgeOf } from "../run/rolling.ts";
import type { Strategy } from "../schema.ts";

/** A deployment as it was asked for, checked against the configuration. */
export interface Target {
  service: string;
  environment: string;
  version: string;
  strategy: Strategy;
  /** of the version's newest commit, when the configuration says so */
  committedAt: Date | null;
  options: DeploymentOptions;
}

interface DeployRequest {
  service?: string | undefined;
  environment: string;
  version: string;
  strategy?: Strategy | undefined;
  rollbackOnFailure: boolean;
  healthCheckTimeout: number;
  timeoutSeconds?: number | undefined;
  maxSurgePercent: number;
  maxUnavailable: number;
}

/** @throws NOT_FOUND for a service or environment that is not configured; `details.allowed` has what there is. */
export function resolveService(config: OperateAgentConfig, ref: ServiceRef): ServiceConfig {
  const names = config.services.map((one) => one.name);
  const service = config.services.find((one) => one.name === ref.service);
  if (!service)
    throw unknownName({
      ...{ what: "service", given: ref.service, allowed: names, intro: "Known services" },
      way: "One that runs and is not among them is no longer configured: add it to services in the configuration and restart Operate.",
    });
  const environments = Object.keys(service.environments);
  if (!environments.includes(ref.environment)) throw unknownEnvironment(service.name, ref.environment, environments);
  return service;
}

/** @throws NOT_FOUND for a service, environment or version that is not configured, INVALID when the service is missing; `details.allowed` has what there is. */
export function resolveTarget(config: OperateAgentConfig, asked: DeployRequest): Target {
  const names = config.services.map((one) => one.name);
  const name = asked.service ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined)
    throw new AppError("INVALID", `Say which service to deploy. Known services: ${listedNames(names)}.`, {
      details: { missing: "service", allowed: names },
    });
  const { environment } = asked;
  const service = resolveService(config, { service: name, environment });
  const versions = service.local.versions.map((one) => one.version);
  const version = service.local.versions.find((one) => one.version === asked.version);
  if (!version)
    throw unknownName({
      ...{ what: "version", given: asked.version, allowed: versions, intro: `Versions of ${name}` },
      way: `To deploy another one, add it under versions of ${name} in the configuration and restart Operate.`,
    });
  const wanted = settingsIn(service, environment)?.instances ?? 1;
  return {
    ...{ service: name, environment, version: asked.version },
    strategy: asked.strategy ?? config.deploymentConfig.rolloutStrategy,
    committedAt: version.committedAt === undefined ? null : new Date(version.committedAt),
    options: {
      rollbackOnFailure: asked.rollbackOnFailure,
      healthCheckTimeoutSeconds: asked.healthCheckTimeout,
      timeoutSeconds: asked.timeoutSeconds ?? config.deploymentConfig.timeoutSeconds,
      instances: wanted,
      maxSurge: surgeOf(wanted, asked.maxSurgePercent),
      maxUnavailable: Math.min(asked.maxUnavailable, wanted),
      rules: rulesFor(config, name),
    },
  };
}

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
    `${service} ${version} already runs everywhere in ${environment}. Other versions: ${listedNames(allowed)}.`,
    { details: { version, allowed } },
  );
}
