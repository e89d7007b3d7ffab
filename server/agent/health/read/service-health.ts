import type { Db } from "../../kernel/context.ts";
import { listTargets } from "../record/store.ts";
import { listChanges } from "../record/store-results.ts";
import type { HealthState } from "../schema.ts";
import { shownState } from "./shown-health.ts";
import { sinceOf, unknownMessage } from "./views.ts";

/** Health of one service in one environment, for other capabilities. */
export interface ServiceHealth {
  targetId: string;
  service: string;
  environment: string;
  state: HealthState;
  /** ISO 8601 */
  since: string;
  message: string | null;
  /** name */
  causedBy: string | null;
  flapping: boolean;
  muted: boolean;
}

/** Every service's health as its own check sees it. Callers have authorised the reading. */
export async function listServiceHealth(db: Db, now: Date): Promise<ServiceHealth[]> {
  const rows = await listTargets(db);
  const names = new Map(rows.map((row) => [row.id, row.name]));
  return rows.flatMap((row) => {
    const state = shownState(row, now);
    return row.origin === "service" && row.service !== null && row.environment !== null
      ? [
          {
            targetId: row.id,
            service: row.service,
            environment: row.environment,
            state,
            since: sinceOf(row, state).toISOString(),
            message: state === "unknown" ? unknownMessage(row) : row.lastMessage,
            causedBy: row.causedBy === null ? null : (names.get(row.causedBy) ?? null),
            flapping: row.flapping,
            muted: row.muted,
          },
        ]
      : [];
  });
}

export interface HealthChangeView {
  targetId: string;
  name: string;
  service: string | null;
  environment: string | null;
  from: HealthState;
  to: HealthState;
  causedBy: string | null;
  message: string | null;
  at: string;
}

/** Changes of state since a time, newest first. Callers have authorised the reading. */
export async function listHealthChanges(db: Db, since: Date, limit: number): Promise<HealthChangeView[]> {
  const targets = new Map((await listTargets(db, {}, "all")).map((row) => [row.id, row]));
  return (await listChanges(db, since, limit)).flatMap((change) => {
    const target = targets.get(change.targetId);
    if (!target) return [];
    return [
      {
        targetId: change.targetId,
        name: target.name,
        service: target.service,
        environment: target.environment,
        from: change.from as HealthState,
        to: change.to as HealthState,
        causedBy: change.causedBy === null ? null : (targets.get(change.causedBy)?.name ?? null),
        message: change.message,
        at: change.at.toISOString(),
      },
    ];
  });
}
