import { delimiter, dirname, resolve } from "node:path";
import type { SET_BY_OPERATE, ServiceConfig, ServiceEnvironmentConfig } from "#server/agent/config-services.ts";
import { AppError } from "#server/agent/kernel/errors.ts";
import { instanceToken } from "#server/agent/kernel/instance-token.ts";
import { SERVICE_URL } from "#server/agent/kernel/references.ts";

/** What is started for an instance, where, and with which environment. */

const PASSED_ON = ["HOME", "LANG", "TZ", "TMPDIR", "USER"];

export interface InstanceCommandInput {
  service: Pick<ServiceConfig, "name"> & { local: Pick<ServiceConfig["local"], "command" | "cwd"> };
  environment: string;
  settings: Pick<ServiceEnvironmentConfig, "env">;
  configDir: string;
  dataDir: string;
  instanceId: string;
  version: string;
  port: number;
  /** the URL of another service's balancer in the same environment */
  urlOf(service: string): string | undefined;
  outerEnv: NodeJS.ProcessEnv;
}

export interface InstanceCommand {
  command: string[];
  cwd: string;
  env: Record<string, string>;
}

/**
 * The environment is an allow-list: an instance sees none of the secrets of the process that started it.
 * @throws INVALID when `${url:NAME}` names a service that has no balancer in this environment
 */
export function instanceCommand(input: InstanceCommandInput): InstanceCommand {
  const { service, outerEnv, version } = input;
  const env: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = outerEnv[name];
    if (value !== undefined) env[name] = value;
  }
  Object.assign(env, senderSettings(input));
  env.PATH = [dirname(process.execPath), outerEnv.PATH ?? "/usr/local/bin:/usr/bin:/bin"].join(delimiter);
  for (const [name, value] of Object.entries(input.settings.env)) env[name] = resolveUrls(value, name, input);
  const own: Record<(typeof SET_BY_OPERATE)[number], string> = {
    PORT: String(input.port),
    SERVICE_NAME: service.name,
    SERVICE_VERSION: version,
    SERVICE_ENVIRONMENT: input.environment,
    INSTANCE_ID: input.instanceId,
    OPERATE_DATA_DIR: input.dataDir,
    OPERATE_LOCAL_INSTANCE: input.instanceId,
  };
  Object.assign(env, own);
  return {
    command: service.local.command.map((part) => part.replaceAll("{version}", version)),
    cwd: resolve(input.configDir, service.local.cwd),
    env,
  };
}

const resolveUrls = (value: string, variable: string, input: InstanceCommandInput): string =>
  value.replace(SERVICE_URL, (whole, name: string) => {
    const url = input.urlOf(name);
    if (url !== undefined) return url;
    const where = `services ${input.service.name}, environments.${input.environment}.env.${variable}`;
    throw new AppError("INVALID", `${where}: ${whole} names no service that runs in ${input.environment}.`);
  });

/**
 * With which an OpenTelemetry SDK in the instance reports to Operate without further settings; what the service's own
 * environment sets wins. Nothing where Operate takes no telemetry, as in a daemon that was started alone.
 */
function senderSettings({ service, environment, version, instanceId, outerEnv }: InstanceCommandInput) {
  const { OPERATE_INGEST_URL, OPERATE_INGEST_SECRET } = outerEnv;
  if (!OPERATE_INGEST_URL || !OPERATE_INGEST_SECRET) return {};
  // its own, for itself alone: the secret would let it write as any service, and as Operate
  const identity = { service: service.name, environment, instance: instanceId };
  const token = instanceToken(OPERATE_INGEST_SECRET, identity);
  const attributes = {
    "service.version": version,
    "deployment.environment.name": environment,
    "service.instance.id": instanceId,
  };
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: OPERATE_INGEST_URL,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${encodeURIComponent(`Bearer ${token}`)}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_SERVICE_NAME: service.name,
    OTEL_RESOURCE_ATTRIBUTES: Object.entries(attributes)
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join(","),
  };
}
