import type { TraceFilter } from "../../agent/ports/trace-source.ts";
import { quoted } from "../../agent/telemetry/query-text.ts";

/** Filters as TraceQL. https://grafana.com/docs/tempo/latest/traceql/construct-traceql-queries/ */

/** A span that fulfils all conditions; durations are of the whole trace. */
export function traceqlOf(filter: TraceFilter): string {
  const { service, environment, operation, version, minDurationMs, maxDurationMs, onlyErrors } = filter;
  const conditions: string[] = [];
  if (service !== undefined) conditions.push(`resource.service.name = ${quoted(service)}`);
  if (environment !== undefined) {
    const value = quoted(environment);
    conditions.push(`(resource.deployment.environment.name = ${value} || resource.deployment.environment = ${value})`);
  }
  if (version !== undefined) conditions.push(`resource.service.version = ${quoted(version)}`);
  if (operation !== undefined) conditions.push(`name = ${quoted(operation)}`);
  if (minDurationMs !== undefined) conditions.push(`traceDuration >= ${goDuration(minDurationMs)}`);
  if (maxDurationMs !== undefined) conditions.push(`traceDuration <= ${goDuration(maxDurationMs)}`);
  // any span of the trace may be the failed one, and a service's own need not be
  const failed = onlyErrors ? " && { status = error }" : "";
  return `{ ${conditions.join(" && ")} }${failed}`;
}

/** Go's durations have microseconds as their smallest whole unit here. */
const goDuration = (ms: number): string => `${Math.round(ms * 1_000)}us`;
