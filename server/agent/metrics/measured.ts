import type { SourceView } from "../telemetry/telemetry-schema.ts";
import type { SignalName } from "./schema.ts";
import type { SignalUnit } from "./sli-templates.ts";
import { SIGNALS } from "./words.ts";

/** What a template measured on one grid. */

export interface MeasuredSignal {
  unit: SignalUnit;
  values: (number | null)[];
  /** how it was asked: PromQL, or what was counted */
  query: string;
  /** the same as PromQL, where the source speaks it */
  promql: string | null;
  /** why there are no values */
  problem: string | null;
}

/** metrics of one service that are looked at; more than any exporter has */
export const MOST_METRICS = 5_000;

/** A service, in one environment or in all. */
export interface MeasuredRef {
  service: string;
  environment: string | undefined;
}

export interface Measured {
  source: SourceView;
  signals: Record<SignalName, MeasuredSignal>;
}

export const UNITS: Record<SignalName, SignalUnit> = {
  requestRate: "per-second",
  errorPercent: "percent",
  latencyP50Ms: "ms",
  latencyP95Ms: "ms",
  latencyP99Ms: "ms",
  cpuPercent: "percent",
  memoryBytes: "bytes",
  saturation: "requests",
};

/** A signal without values, with the reason. */
export const unmeasured = (signal: SignalName, steps: number, problem: string, query = ""): MeasuredSignal => ({
  ...{ unit: UNITS[signal], query, problem, promql: null },
  values: new Array<number | null>(steps).fill(null),
});

/** Every signal, those that were not measured with the reason that `missing` gives. */
export function allSignals(
  found: Partial<Record<SignalName, MeasuredSignal>>,
  missing: (signal: SignalName) => MeasuredSignal,
): Record<SignalName, MeasuredSignal> {
  const entries = SIGNALS.map((signal) => [signal, found[signal] ?? missing(signal)]);
  return Object.fromEntries(entries) as Record<SignalName, MeasuredSignal>;
}
