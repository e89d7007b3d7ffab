import { catalogOf } from "../catalog/catalog.ts";
import type { AgentContext } from "../kernel/context.ts";
import type { LabelFilter } from "../ports/metrics-source.ts";
import { seriesLabels } from "../telemetry/series-labels.ts";

/**
 * What picks out the series of a service: `services[].telemetry.labels` where they are read from an external source and
 * it has some, else the labels `service` and `environment`, which the built-in store always has.
 */
export function serviceFilters(
  config: AgentContext["config"],
  { service, environment }: { service?: string | undefined; environment?: string | undefined },
  external: boolean,
): LabelFilter[] {
  const own = service === undefined ? {} : { service };
  const where = environment === undefined ? {} : { environment };
  const configured = catalogOf(config).service(service)?.telemetry?.labels ?? {};
  const named = external && service !== undefined ? seriesLabels(configured, service, environment) : {};
  const labels = Object.keys(named).length > 0 ? named : { ...own, ...where };
  return Object.entries(labels).map(([label, value]) => ({ label, op: "=", value }));
}
