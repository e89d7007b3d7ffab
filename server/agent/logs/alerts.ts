import type { FiringPattern } from "../incidents/index.ts";
import type { Runtime } from "../kernel/context.ts";
import { startPeriodic } from "../kernel/periodic.ts";
import { listAlerting, type PatternAlert, type PatternSettings } from "./store.ts";

const EVERY_MS = 10_000;
const MINUTE_MS = 60_000;

interface ResolvedPattern {
  patternId: string;
  minutes: number;
  /** where it was seen in that time, as `service/environment` */
  seen: ReadonlySet<string>;
}

export interface PatternListener {
  /** A pattern reached what its alert allows in a service and environment. Told again while that is so. */
  onFiring(pattern: FiringPattern): Promise<void>;
  /** Where a pattern was seen at all; told each time, whether it fires or not. */
  onResolved(pattern: ResolvedPattern): Promise<void>;
  report(message: string, error: unknown): void;
}

/** Counts once every pattern that has an alert, in the last minutes that it names. Safe to repeat at any time. */
export async function checkPatternAlerts(
  runtime: Pick<Runtime, "db" | "telemetry" | "now">,
  listener: PatternListener,
): Promise<void> {
  for (const pattern of await listAlerting(runtime.db)) {
    const report = (error: unknown) => listener.report(`lines of the pattern ${pattern.id} were not counted`, error);
    await checkPattern(runtime, pattern, listener).catch(report);
  }
}

async function checkPattern(
  { telemetry, now }: Pick<Runtime, "telemetry" | "now">,
  { id, template, name, alert }: PatternSettings & { alert: PatternAlert },
  { onFiring, onResolved }: PatternListener,
): Promise<void> {
  const { minutes, count: threshold, severity } = alert;
  const to = now();
  const window = { from: new Date(to.getTime() - minutes * MINUTE_MS), to };
  // only the built-in store keeps patterns
  const rows = await telemetry.store.logs.patternCounts?.({
    window,
    filter: { patternId: id, terms: [] },
    stepSeconds: MINUTE_MS / 1_000,
  });
  const places = Map.groupBy(rows?.data ?? [], ({ service, environment }) => `${service}/${environment}`);
  for (const [first, ...others] of places.values()) {
    if (!first) continue;
    const count = others.reduce((sum, row) => sum + row.count, first.count);
    const { service, environment } = first;
    if (count >= threshold)
      await onFiring({
        patternId: id,
        title: name ?? template,
        service,
        environment,
        count,
        minutes,
        threshold,
        severity,
      });
  }
  await onResolved({ patternId: id, minutes, seen: new Set(places.keys()) });
}

/** Checks every 10 s. Any number of workers may: an incident is opened once. */
export function startPatternAlerts(
  runtime: Pick<Runtime, "db" | "telemetry" | "now">,
  listener: PatternListener,
): { stop(): Promise<void> } {
  return startPeriodic(
    EVERY_MS,
    () => checkPatternAlerts(runtime, listener),
    (error) => listener.report("alerts on log patterns could not be checked; tried again in ten seconds", error),
  );
}
