import type { z } from "zod";
import { LONGEST_ENVIRONMENT, LONGEST_SERVICE } from "#server/agent/catalog/words.ts";
import type { ListTracesInput } from "#server/agent/traces/schema.ts";
import { LONGEST_OPERATION, LONGEST_VERSION } from "#server/agent/traces/words.ts";

type Scope = Omit<z.input<typeof ListTracesInput>, "startTime" | "endTime" | "limit" | "cursor" | "source">;

/** What the page asks about, as its URL has it. */
export interface TraceUrl {
  service: string | null;
  operation: string | null;
  environment: string | null;
  version: string | null;
  /** ms */
  min: number | null;
  max: number | null;
  errors: boolean;
}

/** What is longer is refused by the server, so it is not asked. */
const within = (text: string | null, longest: number): text is string => !!text && text.length <= longest;

/** The part of the input that the URL decides, on the server and in the browser alike. */
export const scopeOf = (url: TraceUrl): Scope => ({
  ...(within(url.service, LONGEST_SERVICE) ? { service: url.service } : {}),
  ...(within(url.operation, LONGEST_OPERATION) ? { operation: url.operation } : {}),
  ...(within(url.environment, LONGEST_ENVIRONMENT) ? { environment: url.environment } : {}),
  ...(within(url.version, LONGEST_VERSION) ? { version: url.version } : {}),
  ...(url.min !== null && url.min > 0 ? { minDurationMs: url.min } : {}),
  ...(url.max !== null && url.max > 0 ? { maxDurationMs: url.max } : {}),
  ...(url.errors ? { onlyErrors: true } : {}),
});

/** A path to the list, for links from elsewhere. */
export function tracesHref(url: Partial<TraceUrl>, window?: { from: Date; to: Date }): string {
  const query = new URLSearchParams();
  const set = (name: string, value: string | number | null | undefined) => {
    if (value !== null && value !== undefined) query.set(name, String(value));
  };
  set("service", url.service);
  set("operation", url.operation);
  set("env", url.environment);
  set("version", url.version);
  set("min", url.min);
  set("max", url.max);
  if (url.errors) query.set("errors", "true");
  set("from", window?.from.toISOString());
  set("to", window?.to.toISOString());
  const text = query.toString();
  return text ? `/traces?${text}` : "/traces";
}

/** How long traces take that are examples of a point of a latency chart: about the median, or at least a high quantile. */
export function exampleDurations(key: string, latencyMs: number): { min: number; max: number | null } {
  const round = (ms: number): number => Number(ms.toPrecision(3));
  return key.includes("P50")
    ? { min: round(latencyMs / 2), max: round(latencyMs * 1.5) }
    : { min: round(latencyMs * 0.8), max: null };
}
