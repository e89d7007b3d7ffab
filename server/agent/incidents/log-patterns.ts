import type { Runtime } from "../kernel/context.ts";
import { LONGEST_PATTERN_TITLE } from "../logs/words.ts";
import { clipText } from "../text/clip-text.ts";
import { groupedCount } from "../text/numbers.ts";
import type { TimelineEventOf } from "../timeline/schema.ts";
import { type AutomaticWork, openOrAdd, resolveBy } from "./automatic.ts";
import { causeOf } from "./cause.ts";
import { isUnresolved } from "./status-transitions.ts";
import { findByCause, isKnownEvent } from "./store.ts";

type PatternFiring = TimelineEventOf<"pattern.firing">;
type PatternResolved = TimelineEventOf<"pattern.resolved">;

const placeOf = ({ service, environment }: PatternFiring): string =>
  [service ?? "an unknown service", environment && `in ${environment}`].filter(Boolean).join(" ");

/**
 * Follows the alerts of log patterns: one that fires opens an incident, one per pattern, service and environment while
 * it is unresolved, and is written on it each time; one that no longer does resolves it, when the configuration wants
 * recovery to resolve. Safe to repeat.
 */
export async function onPatternEvent(runtime: Runtime, event: PatternFiring | PatternResolved): Promise<void> {
  const cause = causeOf(event);
  if (!cause) return;
  const { key, at } = event;
  await runtime.db.$transaction(
    async (tx) => {
      const work = { runtime, tx, job: "log patterns", key, at };
      if (event.kind === "pattern.resolved") await resolved(work, event, cause.key);
      else if (!(await isKnownEvent(tx, key))) await fires(work, event, cause.key);
    },
    { timeout: 15_000, maxWait: 10_000 },
  );
}

async function fires(work: AutomaticWork, event: PatternFiring, causeKey: string): Promise<void> {
  const { service, environment } = event;
  const { patternId, title, count, minutes, threshold, severity } = event.detail;
  const lines = `${groupedCount(count)} lines in ${minutes} min, ${groupedCount(threshold)} raise it`;
  await openOrAdd(
    work,
    {
      title: `${placeOf(event)} logs: ${clipText(title, LONGEST_PATTERN_TITLE + "…".length)}`,
      description: `${lines}: ${title}`,
      ...{ severity, assignee: null, service, environment, deploymentId: null, source: "logs", causeKey },
    },
    { kind: "logs", message: lines, detail: { patternId, count } },
  );
}

async function resolved(work: AutomaticWork, { detail }: PatternResolved, causeKey: string): Promise<void> {
  if (!work.runtime.config.alertingConfig.resolveOnRecovery) return;
  const incident = await findByCause(work.tx, causeKey);
  if (incident && isUnresolved(incident.status))
    await resolveBy(work, incident, `Not logged for ${detail.minutes} min.`);
}
