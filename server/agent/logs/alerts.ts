import type { Report } from "../job.ts";
import type { Runtime, Tx } from "../kernel/context.ts";
import { startPeriodic } from "../kernel/periodic.ts";
import { clipText } from "../text/clip-text.ts";
import { recordOnTimeline } from "../timeline/index.ts";
import { type AlertState, alertChanges, windowOf } from "./alert-state.ts";
import {
  clearFiring,
  listAlerting,
  listFiring,
  lockPattern,
  type PatternAlert,
  type PatternSettings,
  saveFiring,
} from "./store.ts";
import { LONGEST_PATTERN_TITLE } from "./words.ts";

const EVERY_MS = 10_000;
const MINUTE_MS = 60_000;

type AlertRuntime = Pick<Runtime, "db" | "telemetry" | "now">;
type Alerting = PatternSettings & { alert: PatternAlert };

/**
 * Counts once every pattern that has an alert, in the last minutes that it names, and writes on the time line where it
 * began to fire, fires still, or fires no longer. Safe to repeat at any time.
 */
export async function checkPatternAlerts(runtime: AlertRuntime, report: Report): Promise<void> {
  for (const pattern of await listAlerting(runtime.db))
    await checkPattern(runtime, pattern).catch((error) =>
      report(`lines of the pattern ${pattern.id} were not counted`, error),
    );
}

async function checkPattern({ db, telemetry, now }: AlertRuntime, pattern: Alerting): Promise<void> {
  const { id, alert } = pattern;
  const at = now();
  const window = { from: new Date(at.getTime() - alert.minutes * MINUTE_MS), to: at };
  // only the built-in store keeps patterns
  const rows = await telemetry.store.logs.patternCounts?.({
    window,
    filter: { patternId: id, terms: [] },
    stepSeconds: MINUTE_MS / 1_000,
  });
  const groups = Map.groupBy(rows?.data ?? [], ({ service, environment }) => `${service}/${environment}`);
  const places = [...groups.values()].flatMap(([first, ...others]) =>
    first ? [{ ...first, count: others.reduce((sum, row) => sum + row.count, first.count) }] : [],
  );
  const changes = (states: readonly AlertState[]) => alertChanges(alert, places, states, at);
  const seen = changes(await listFiring(db, id));
  if (seen.firing.length + seen.resolved.length === 0) return;
  await db.$transaction(async (tx) => {
    await lockPattern(tx, id); // another worker may write the same
    const { firing, resolved } = changes(await listFiring(tx, id));
    for (const place of firing) {
      const firingSince = await saveFiring(tx, id, place, at);
      await recordFiring(tx, pattern, place, firingSince, at);
    }
    for (const state of resolved) {
      await clearFiring(tx, id, state);
      await recordResolved(tx, pattern, state, at);
    }
  });
}

interface Place {
  service: string;
  environment: string;
}

const ofPlace = ({ id, name, template }: Alerting, { service, environment }: Place) => ({
  common: {
    service: service || null,
    environment: environment || null,
    subject: `log-pattern:${id}:${service}/${environment}`,
  },
  title: name ?? template,
  named: clipText(name ?? template, LONGEST_PATTERN_TITLE),
});

function recordFiring(
  tx: Tx,
  pattern: Alerting,
  place: Place & { count: number },
  firingSince: Date,
  at: Date,
): Promise<void> {
  const { common, title, named } = ofPlace(pattern, place);
  const { minutes, count: threshold, severity } = pattern.alert;
  const { count } = place;
  const since = firingSince.toISOString();
  return recordOnTimeline(tx, {
    ...{ ...common, kind: "pattern.firing", at, level: "error", title: `Log pattern fires: ${named}` },
    key: `${common.subject}:${windowOf(at, minutes)}`,
    detail: { patternId: pattern.id, title, count, minutes, threshold, severity, firingSince: since },
  });
}

function recordResolved(tx: Tx, pattern: Alerting, state: Place & { firingSince: Date }, at: Date): Promise<void> {
  const { common, title, named } = ofPlace(pattern, state);
  const since = state.firingSince.toISOString();
  return recordOnTimeline(tx, {
    ...{ ...common, kind: "pattern.resolved", at, level: "ok", title: `Log pattern fires no longer: ${named}` },
    key: `${common.subject}:resolved:${since}`,
    detail: { patternId: pattern.id, title, minutes: pattern.alert.minutes, firingSince: since },
  });
}

/** Checks every 10 s. Any number of workers may: each change is written once. */
export function startPatternAlerts(runtime: AlertRuntime, report: Report): { stop(): Promise<void> } {
  return startPeriodic(
    EVERY_MS,
    () => checkPatternAlerts(runtime, report),
    (error) => report("alerts on log patterns could not be checked; tried again in ten seconds", error),
  );
}
