import { catalogOf } from "../catalog/catalog.ts";
import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import type { ObservedServicesOutput } from "./schema.ts";
import { SIGNALS } from "./words.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const MOST = 200;

/** The services that only their telemetry tells of: what arrived in the last day and is not configured. @throws FORBIDDEN */
export async function observedServices(ctx: AgentContext): Promise<ObservedServicesOutput> {
  return { services: (await servicesHeard(ctx)).slice(0, MOST) };
}

/** The same, all of them. @throws FORBIDDEN */
export async function servicesHeard(ctx: AgentContext): Promise<ObservedServicesOutput["services"]> {
  authorize(ctx, "telemetry.read");
  const now = ctx.now();
  const configured = new Set(catalogOf(ctx.config).serviceNames);
  const rows = await ctx.telemetry.ingest.arrived(new Date(now.getTime() - DAY_MS), now, DAY_MS / 1_000);
  const told = rows.filter(({ service, accepted }) => service !== "" && accepted > 0 && !configured.has(service));
  const services = [...Map.groupBy(told, ({ service }) => service)].map(([service, of]) => ({
    service,
    signals: SIGNALS.filter((signal) => of.some((row) => row.signal === signal)),
    lastAt: lastArrival(of, now).toISOString(),
  }));
  return services.sort((a, b) => a.service.localeCompare(b.service));
}

/**
 * By when the newest of it had arrived. Arrivals are counted by the minute, and nothing is said to be older than it may
 * be: the end of its last minute, or now.
 */
export const lastArrival = (rows: readonly { lastMs: number }[], now: Date): Date =>
  new Date(Math.min(now.getTime(), Math.max(...rows.map(({ lastMs }) => lastMs + MINUTE_MS))));
