import type { Runtime } from "../kernel/context.ts";
import { groupedCount } from "../text/numbers.ts";
import { openOrAdd, resolveBy } from "./automatic.ts";
import type { Severity } from "./schema.ts";
import { isKnownEvent, listUnresolved } from "./store.ts";

/** A pattern of log lines that a person asked to be told of came too often. */
export interface FiringPattern {
  patternId: string;
  /** its name, else its template */
  title: string;
  service: string;
  environment: string;
  /** lines in the last `minutes` */
  count: number;
  minutes: number;
  /** as many were allowed before it is an incident */
  threshold: number;
  severity: Severity;
}

const job = "log patterns";
const LONGEST_TITLE = 160;
const causePrefix = (patternId: string): string => `log-pattern:${patternId}:`;
const causeOf = ({ patternId, service, environment }: FiringPattern): string =>
  `${causePrefix(patternId)}${service}/${environment}`;
const placeOf = ({ service, environment }: FiringPattern): string =>
  [service || "an unknown service", environment && `in ${environment}`].filter(Boolean).join(" ");

/**
 * Opens an incident, one per pattern, service and environment while it is unresolved, and writes on it at most once in
 * each window of `minutes`. Safe to repeat.
 */
export async function onAlertFiring(runtime: Runtime, pattern: FiringPattern): Promise<void> {
  const at = runtime.now();
  const window = Math.floor(at.getTime() / (pattern.minutes * 60_000));
  const key = `${causeOf(pattern)}:${window}`;
  const lines = `${groupedCount(pattern.count)} lines in ${pattern.minutes} min, ${groupedCount(pattern.threshold)} raise it`;
  const title = pattern.title.length > LONGEST_TITLE ? `${pattern.title.slice(0, LONGEST_TITLE)}…` : pattern.title;
  await runtime.db.$transaction(
    async (tx) => {
      if (await isKnownEvent(tx, key)) return;
      await openOrAdd(
        { runtime, tx, job, key, at },
        {
          title: `${placeOf(pattern)} logs: ${title}`,
          description: `${lines}: ${pattern.title}`,
          severity: pattern.severity,
          assignee: null,
          service: pattern.service || null,
          environment: pattern.environment || null,
          deploymentId: null,
          source: "logs",
          causeKey: causeOf(pattern),
        },
        { kind: "logs", message: lines, detail: { patternId: pattern.patternId, count: pattern.count } },
      );
    },
    { timeout: 15_000, maxWait: 10_000 },
  );
}

/**
 * Resolves what this pattern opened where it has not been seen for a whole window, when the configuration wants
 * recovery to resolve. `seen` names where it was, as `service/environment`.
 */
export async function onAlertResolved(
  runtime: Runtime,
  { patternId, minutes, seen }: { patternId: string; minutes: number; seen: ReadonlySet<string> },
): Promise<void> {
  if (!runtime.config.alertingConfig.resolveOnRecovery) return;
  const prefix = causePrefix(patternId);
  await runtime.db.$transaction(
    async (tx) => {
      for (const incident of await listUnresolved(tx, { causeKey: { startsWith: prefix } })) {
        if (seen.has((incident.causeKey ?? "").slice(prefix.length))) continue;
        const key = `${incident.causeKey}:quiet:${incident.openedAt.getTime()}`;
        await resolveBy({ runtime, tx, job, key, at: runtime.now() }, incident, `Not logged for ${minutes} min.`);
      }
    },
    { timeout: 15_000, maxWait: 10_000 },
  );
}
