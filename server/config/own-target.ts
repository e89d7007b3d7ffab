import { type ScrapeTarget, ScrapeTargetSchema } from "../agent/config-telemetry.ts";
import { hostInUrl } from "../start/options.ts";

/** Operate as a service among others: what its own figures, spans and targets are called. */
export const OWN_NAME = "operate";

interface Monitoring {
  selfMonitoring: boolean;
  scrape: readonly ScrapeTarget[];
}

/**
 * Operate's own page of figures as a target: of the web process, at the HOST and PORT that the supervisor hands down.
 * Null where that is turned off, where a target of the user has its name, and in a process that is told no port.
 */
export function ownTarget({ selfMonitoring, scrape }: Monitoring, env: NodeJS.ProcessEnv): ScrapeTarget | null {
  if (!selfMonitoring || !env.PORT || scrape.some(({ name }) => name === OWN_NAME)) return null;
  const url = `http://${hostInUrl(env.HOST || "127.0.0.1")}:${env.PORT}/metrics`;
  return ScrapeTargetSchema.parse({ name: OWN_NAME, url, service: OWN_NAME, environment: OWN_NAME });
}
