import { clockWasSetBack } from "../../kernel/clock.ts";
import { withoutConfidential } from "../../kernel/confidential/confidential.ts";
import type { Runtime, Tx } from "../../kernel/context.ts";
import { recordOnTimeline } from "../../timeline/index.ts";
import { encodeLatencies } from "../check/latency-codes.ts";
import { nextHealth, type Outcome } from "../check/next-health.ts";
import { type CauseNode, causeOf } from "../read/caused-by.ts";
import type { HealthState } from "../schema.ts";
import { changeEvent } from "./change-event.ts";
import { publishTarget } from "./publish.ts";
import {
  addRollups,
  type CauseRow,
  type ChangeRow,
  forgetAhead,
  insertResults,
  type LockedTarget,
  listFailing,
  lockTargets,
  type ResultRow,
  type RollupRow,
  resultKey,
  saveStates,
} from "./store-results.ts";

/** One check that was made. */
export interface CheckResult {
  targetId: string;
  /** ms since the epoch, as `endedAtMs` */
  slotAtMs: number;
  endedAtMs: number;
  outcome: Outcome;
  latencyMs: number;
  statusCode: number | null;
  message: string | null;
}

export const MINUTE_S = 60;
export const HOUR_S = 3_600;
/** more changes than this in one batch are announced as one */
const SINGLE_HINTS = 20;
/** by so much the clocks of two workers may differ; what the faster one recorded stays when the other takes over */
const CLOCKS_DIFFER_MS = 10_000;

/**
 * Records a batch in one transaction: raw results, rollups, states, changes, live hints. Whatever was recorded before
 * under the same slot changes nothing, so a batch may be repeated. The stored row is the truth a state is computed
 * from: what a person set a moment ago (maintenance) counts. Returns the number of state changes.
 */
export async function recordResults(runtime: Runtime, batch: readonly CheckResult[]): Promise<number> {
  const inOrder = [...batch].sort((a, b) => a.slotAtMs - b.slotAtMs);
  return await runtime.db.$transaction(
    async (tx) => {
      const ids = [...new Set(inOrder.map((result) => result.targetId))];
      const targets = new Map((await lockTargets(tx, ids)).map((target) => [target.id, target]));
      const rows = inOrder.flatMap((result): (CheckResult & ResultRow)[] => {
        const target = targets.get(result.targetId);
        if (!target) return [];
        const maintenance = (target.maintenanceUntil?.getTime() ?? 0) > result.endedAtMs;
        const message = result.message && withoutConfidential(result.message);
        return [{ ...result, message, slotAt: new Date(result.slotAtMs).toISOString(), maintenance }];
      });
      const now = runtime.now();
      const relived = [...targets.values()].filter((target) => clockWasSetBack(target.lastCheckedAt, now));
      const taken = relived.filter(({ lastCheckedAt, intervalMs }) => {
        return Number(lastCheckedAt) - Number(now) > Math.max(intervalMs, CLOCKS_DIFFER_MS);
      });
      if (taken.length > 0) await forgetAhead(tx, taken, now);
      const inserted = await insertResults(tx, rows);
      const fresh = rows.filter((row) => inserted.has(resultKey(row.targetId, row.slotAt)));
      if (fresh.length === 0) return 0;
      await addRollups(tx, rollupsOf(fresh));
      const changed = applyAll(targets, fresh, new Set(relived.map(({ id }) => id)));
      const { changes, causes } = await explain(tx, changed);
      await saveStates(tx, changed.map(stateRow));
      if (changes.length > 0) await announce(runtime, tx, changes, targets, causes);
      return changes.length;
    },
    { timeout: 20_000, maxWait: 10_000 },
  );
}

/** Counts by minute and hour; latency of answered checks only, as a refusal is quick and a timeout as long as its limit. */
function rollupsOf(rows: readonly (ResultRow & { slotAtMs: number })[]): RollupRow[] {
  const buckets = new Map<string, { row: RollupRow; latencies: number[] }>();
  for (const result of rows) {
    if (result.maintenance) continue;
    for (const resolution of [MINUTE_S, HOUR_S]) {
      const stepMs = resolution * 1000;
      const bucketAt = new Date(Math.floor(result.slotAtMs / stepMs) * stepMs).toISOString();
      const key = `${result.targetId} ${resolution} ${bucketAt}`;
      const empty = { targetId: result.targetId, resolution, bucketAt, up: 0, degraded: 0, down: 0, latency: [] };
      const bucket = buckets.get(key) ?? { row: empty, latencies: [] };
      bucket.row[result.outcome]++;
      if (result.outcome !== "down") bucket.latencies.push(result.latencyMs);
      buckets.set(key, bucket);
    }
  }
  return [...buckets.values()].map(({ row, latencies }) => ({ ...row, latency: encodeLatencies(latencies) }));
}

/** A target with the states it went through in this batch. */
interface Changed {
  target: LockedTarget;
  causedBy: string | null;
  steps: { from: HealthState; to: HealthState; slotAt: string; at: Date; message: string | null; flapping: boolean }[];
  last: CheckResult & ResultRow;
}

function applyAll(
  targets: ReadonlyMap<string, LockedTarget>,
  rows: readonly (CheckResult & ResultRow)[],
  relived: ReadonlySet<string>,
): Changed[] {
  const changed = new Map<string, Changed>();
  for (const row of rows) {
    const before = changed.get(row.targetId)?.target ?? targets.get(row.targetId);
    if (!before) continue;
    const at = new Date(row.endedAtMs);
    // a late batch of another worker is history only; after a clock that was set back it is the newest
    if (before.lastCheckedAt && before.lastCheckedAt > at && !relived.has(before.id)) continue;
    const rule = { ...before, maintenance: row.maintenance };
    const after = nextHealth(before, row.outcome, rule);
    const moved = after.state !== before.state;
    const target = {
      ...before,
      ...after,
      stateSince: moved ? at : before.stateSince,
      lastCheckedAt: at,
      lastLatencyMs: row.latencyMs,
      lastMessage: row.message,
    };
    const entry = changed.get(row.targetId) ?? { target, causedBy: before.causedBy, steps: [], last: row };
    const step = { from: before.state, to: after.state, slotAt: row.slotAt, at, message: row.message };
    if (moved) entry.steps.push({ ...step, flapping: after.flapping });
    changed.set(row.targetId, { ...entry, target, last: row });
  }
  return [...changed.values()];
}

/**
 * Works out what explains each failure and turns the steps into changes; a new explanation alone is a change too. Also
 * the names of the targets that may explain one.
 */
async function explain(
  tx: Tx,
  changed: Changed[],
): Promise<{ changes: ChangeRow[]; causes: ReadonlyMap<string, string> }> {
  const causes = new Map(changed.map(({ target }) => [target.id, target.name]));
  const concerned = changed.filter(({ target }) => target.consecutiveFailures > 0 || target.state === "down");
  if (concerned.length > 0) {
    const former = concerned.flatMap(({ target }) => target.causedBy ?? []);
    const failing = await listFailing(tx, former);
    for (const { id, name } of failing) causes.set(id, name);
    const nodes = new Map(failing.map((row) => [row.id, causeNode(row)]));
    for (const { target } of changed) nodes.set(target.id, causeNode(target));
    for (const entry of concerned) {
      const nowMs = entry.last.endedAtMs;
      entry.target = { ...entry.target, causedBy: causeOf(entry.target.id, nodes, nowMs) };
    }
  }
  return { changes: changesOf(changed, new Set(concerned)), causes };
}

function changesOf(changed: readonly Changed[], failing: ReadonlySet<Changed>): ChangeRow[] {
  return changed.flatMap((entry) => {
    const { target, steps, last } = entry;
    if (!failing.has(entry)) entry.target = { ...target, causedBy: null };
    const { causedBy } = entry.target;
    const rows = steps.map(({ slotAt, ...step }) => {
      const explains = step.to === "down" || step.to === "pending" ? causedBy : null;
      return { targetId: target.id, ...step, key: resultKey(target.id, slotAt), causedBy: explains };
    });
    if (rows.length === 0 && target.state === "down" && causedBy !== entry.causedBy)
      return [
        {
          targetId: target.id,
          key: resultKey(target.id, last.slotAt),
          from: target.state,
          to: target.state,
          causedBy,
          message: last.message,
          flapping: target.flapping,
          at: new Date(last.endedAtMs),
        },
      ];
    return rows;
  });
}

const causeNode = (row: CauseRow | LockedTarget): CauseNode => ({
  id: row.id,
  failing:
    row.state === "down" || row.state === "pending" || (row.state === "maintenance" && row.consecutiveFailures > 0),
  down: row.state === "down",
  stateSinceMs: row.stateSince.getTime(),
  dependsOn: row.dependsOn,
  intervalMs: row.intervalMs,
  failureThreshold: row.failureThreshold,
  causedBy: row.causedBy,
});

const stateRow = ({ target, last }: Changed) => ({
  id: target.id,
  state: target.state,
  stateSince: target.stateSince.toISOString(),
  flapping: target.flapping,
  flappingReason: target.flappingReason,
  consecutiveFailures: target.consecutiveFailures,
  consecutiveSuccesses: target.consecutiveSuccesses,
  recent: target.recent,
  causedBy: target.causedBy,
  lastCheckedAt: new Date(last.endedAtMs).toISOString(),
  lastLatencyMs: last.latencyMs,
  lastMessage: last.message,
});

async function announce(
  runtime: Runtime,
  tx: Tx,
  changes: readonly ChangeRow[],
  targets: ReadonlyMap<string, LockedTarget>,
  causes: ReadonlyMap<string, string>,
): Promise<void> {
  const events = changes.flatMap((change) => {
    const target = targets.get(change.targetId);
    return target ? [changeEvent(target, change, causes.get(change.causedBy ?? ""))] : [];
  });
  await recordOnTimeline(tx, ...events);
  if (changes.length > SINGLE_HINTS) {
    await runtime.live.publish(tx, "health");
    await runtime.live.publish(tx, "service");
    return;
  }
  for (const id of new Set(changes.map((change) => change.targetId))) {
    const target = targets.get(id);
    if (target) await publishTarget(runtime, tx, target);
  }
}
