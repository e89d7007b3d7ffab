import { OWN_SERVICE } from "../agent/kernel/own-service.ts";
import { type ScrapeTarget, ScrapeTargetSchema } from "../agent/telemetry/config.ts";
import { hostInUrl } from "../start/options.ts";

/**
 * Operate's own page of figures as a target: of the web process, at the HOST and PORT that the supervisor hands down.
 * Null where that is turned off, and in a process that is told no port.
 */
export function ownTarget(
  { selfMonitoring }: { selfMonitoring: boolean },
  env: NodeJS.ProcessEnv,
): ScrapeTarget | null {
  if (!selfMonitoring || !env.PORT) return null;
  const url = `http://${hostInUrl(env.HOST || "127.0.0.1")}:${env.PORT}/metrics`;
  return ScrapeTargetSchema.parse({ name: OWN_SERVICE, url, service: OWN_SERVICE, environment: OWN_SERVICE });
}
