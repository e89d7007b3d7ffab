import type { AgentContext, Db } from "../../kernel/context.ts";
import { HOUR_S } from "../record/record-results.ts";
import { getTarget, listTargets } from "../record/store.ts";
import { listRollups } from "../record/store-results.ts";
import type { HealthState, HealthTargetView } from "../schema.ts";
import { shownState } from "./shown-health.ts";
import { type RollupCounts, uptimeOf, watchedSeconds } from "./uptime.ts";

type ListedTarget = Awaited<ReturnType<typeof listTargets>>[number];

const DAY_HOURS = 24;

/** What else is known of a target's service than its check: see services/judge-service.ts. */
export interface JudgedTarget {
  state: HealthState;
  /** what is wrong; null leaves the word to the check */
  message: string | null;
  /** ISO 8601: by when it was so, or since when at least, both null where nothing is known; null: since the check says so */
  since: { at: string | null; atLeast: string | null } | null;
  /** name of the hurt dependency that explains it; null: as its check says */
  causedBy: string | null;
  /** what its users' requests tell, in words: muting the check does not make that silent; null: nothing */
  figures: string | null;
}

/** Hourly rollups of the last 24 hours (the present one included), by target. */
export async function dayRollups(db: Db, ids: readonly string[], now: Date): Promise<Map<string, RollupCounts[]>> {
  const hourMs = HOUR_S * 1000;
  const from = new Date(Math.floor(now.getTime() / hourMs) * hourMs - (DAY_HOURS - 1) * hourMs);
  const byTarget = new Map<string, RollupCounts[]>();
  for (const row of await listRollups(db, ids, HOUR_S, from))
    byTarget.set(row.targetId, [...(byTarget.get(row.targetId) ?? []), row]);
  return byTarget;
}

/** A row as people see it. `names` turns ids into names. */
export function targetView(
  row: ListedTarget,
  day: readonly RollupCounts[],
  names: ReadonlyMap<string, string>,
  now: Date,
  judged?: JudgedTarget | undefined,
): HealthTargetView {
  const checked = shownState(row, now);
  const state = judged?.state ?? checked;
  const { checks, uptimePercent, latencyP50Ms, latencyP95Ms } = uptimeOf(day);
  return {
    id: row.id,
    name: row.name,
    kind: row.kind as HealthTargetView["kind"],
    origin: row.origin as HealthTargetView["origin"],
    service: row.service,
    environment: row.environment,
    address: row.address,
    state,
    stateSince: judged?.since ? judged.since.at : sinceOf(row, checked).toISOString(),
    stateAtLeastSince: judged?.since?.atLeast ?? null,
    flapping: row.flapping,
    flappingReason: row.flappingReason,
    message: judged?.message ?? (checked === "unknown" ? unknownMessage(row) : row.lastMessage),
    causedBy: causeShown(row, checked, names, judged),
    muted: row.muted,
    maintenanceUntil: state === "maintenance" ? (row.maintenanceUntil?.toISOString() ?? null) : null,
    lastCheckedAt: row.lastCheckedAt?.toISOString() ?? null,
    lastLatencyMs: row.lastLatencyMs,
    intervalMs: row.intervalMs,
    consecutiveFailures: row.consecutiveFailures,
    failureThreshold: row.failureThreshold,
    uptimePercent24h: uptimePercent,
    watchedSeconds24h: watchedSeconds(checks, row.intervalMs, DAY_HOURS * HOUR_S * 1_000),
    latencyP50Ms,
    latencyP95Ms,
  };
}

/** The name of what explains it: a hurt dependency, else what explains its check, as far as that is still known. */
export function causeShown(
  row: Pick<ListedTarget, "causedBy">,
  checked: HealthState,
  names: ReadonlyMap<string, string>,
  judged?: JudgedTarget | undefined,
): string | null {
  if (judged?.causedBy) return judged.causedBy;
  return row.causedBy === null || checked === "unknown" ? null : (names.get(row.causedBy) ?? null);
}

/** A state that went stale counts from its last result, not from when it began. */
export const sinceOf = (row: Pick<ListedTarget, "state" | "stateSince" | "lastCheckedAt">, state: HealthState): Date =>
  state === "unknown" && row.state !== "unknown" ? (row.lastCheckedAt ?? row.stateSince) : row.stateSince;

/** Why nothing is known of it now; what the last check found would be of another time. */
export const unknownMessage = (row: Pick<ListedTarget, "lastCheckedAt">): string =>
  row.lastCheckedAt === null
    ? "not checked yet"
    : "no fresh result; is the worker running, and can it reach the platform?";

/** One target as people see it now. @throws NOT_FOUND */
export async function viewTarget(ctx: AgentContext, id: string): Promise<HealthTargetView> {
  const now = ctx.now();
  const row = await getTarget(ctx.db, id);
  const names = new Map((await listTargets(ctx.db)).map((other) => [other.id, other.name]));
  const day = await dayRollups(ctx.db, [id], now);
  return targetView(row, day.get(id) ?? [], names, now);
}
