import { catalogOf } from "../catalog/catalog.ts";
import type { AgentContext } from "../kernel/context.ts";
import type { MeasuredRef } from "./measured.ts";
import type { SignalName } from "./schema.ts";
import type { SignalUnit } from "./sli-templates.ts";

/** Which signal each of `services[].telemetry.queries` gives, and how it is brought to the signal's unit. */
const OWN = {
  requestRate: { signal: "requestRate", unit: "per-second", scale: 1 },
  errorRatio: { signal: "errorPercent", unit: "percent", scale: 100 },
  latencyP50: { signal: "latencyP50Ms", unit: "ms", scale: 1_000 },
  latencyP95: { signal: "latencyP95Ms", unit: "ms", scale: 1_000 },
  latencyP99: { signal: "latencyP99Ms", unit: "ms", scale: 1_000 },
  cpu: { signal: "cpuPercent", unit: "percent", scale: 100 },
  memory: { signal: "memoryBytes", unit: "bytes", scale: 1 },
  saturation: { signal: "saturation", unit: "ratio", scale: 1 },
} as const satisfies Record<string, { signal: SignalName; unit: SignalUnit; scale: number }>;

export interface OwnQuery {
  /** PromQL, in the signal's unit */
  expression: string;
  unit: SignalUnit;
}

/** The PromQL that a service's configuration has of its own, with service and environment filled in. */
export function ownQueries(
  config: AgentContext["config"],
  { service, environment }: MeasuredRef,
): Partial<Record<SignalName, OwnQuery>> {
  const queries = catalogOf(config).service(service)?.telemetry?.queries ?? {};
  const own: Partial<Record<SignalName, OwnQuery>> = {};
  for (const [name, text] of Object.entries(queries) as [keyof typeof OWN, string | undefined][]) {
    if (text === undefined) continue;
    const { signal, unit, scale } = OWN[name];
    const filled = text.replaceAll("{service}", service).replaceAll("{environment}", environment ?? "");
    own[signal] = { expression: scale === 1 ? filled : `${scale} * (${filled})`, unit };
  }
  return own;
}
