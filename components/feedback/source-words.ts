import type { SourceView } from "#server/agent/telemetry/telemetry-schema.ts";
import { formatDuration } from "../lib/format.ts";

const NAMES: Record<SourceView["kind"], string> = {
  "built-in": "built-in store",
  balancer: "balancer",
  prometheus: "Prometheus",
  loki: "Loki",
  jaeger: "Jaeger",
  tempo: "Tempo",
};

/** The host of an address, which is enough to know it by. */
const hostOf = (address: string): string => (URL.canParse(address) ? new URL(address).host : address);

/** Who answered: "built-in store", "Loki at loki:3100", and for how long it has not: "…, stale for 3 min". */
export function sourceWords(source: SourceView, nowMs: number): string {
  const name = source.address ? `${NAMES[source.kind]} at ${hostOf(source.address)}` : NAMES[source.kind];
  return source.stale ? `${name}, stale for ${formatDuration(nowMs - Date.parse(source.asOf))}` : name;
}
