import { catalogOf } from "../../catalog/catalog.ts";
import type { OperateAgentConfig } from "../../config.ts";
import { listedNames } from "../../kernel/allowed-names.ts";
import { AppError } from "../../kernel/errors.ts";
import { isLeaving, type PlatformInstance } from "../../ports/workloads.ts";
import { rulesFor } from "../config.ts";
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

/** @throws NOT_FOUND for a service, environment or version that is not configured, INVALID when the service is missing; `details.allowed` has what there is. */
export function resolveTarget(config: OperateAgentConfig, asked: DeployRequest): Target {
  const catalog = catalogOf(config);
  const names = catalog.serviceNames;
  const name = asked.service ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined)
    throw new AppError("INVALID", `Say which service to deploy. Known services: ${listedNames(names)}.`, {
      details: { missing: "service", allowed: names },
    });
  const { environment } = asked;
  catalog.getService({ service: name, environment });
  const version = catalog.getVersion(name, asked.version);
  const wanted = catalog.settingsIn(name, environment)?.instances ?? 1;
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
    if (one.version !== version && !isLeaving(one)) counts.set(one.version, (counts.get(one.version) ?? 0) + 1);
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
  const versions = catalogOf(config)
    .versionsOf(service)
    .map((one) => one.version);
  const allowed = versions.filter((one) => one !== version);
  throw new AppError(
    "PRECONDITION",
    `${service} ${version} already runs everywhere in ${environment}. Other versions: ${listedNames(allowed)}.`,
    { details: { version, allowed } },
  );
}
