import type { Db } from "../../kernel/context.ts";
import { listTargets } from "../record/store.ts";
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
