import type { z } from "zod";
import type { Measured } from "../record/store-reads.ts";
import type { DoraRow } from "../schema.ts";

/**
 * The four key measures of software delivery, as DORA defines them (https://dora.dev/guides/dora-metrics-four-keys/):
 * deployment frequency, lead time for changes, change failure rate, failed deployment recovery time. Ratings are the
 * clusters of the Accelerate State of DevOps reports 2022 and 2023. Pure.
 */
type Row = z.infer<typeof DoraRow>;
type Rating = Row["frequencyRating"];

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** An incident that a deployment opened, for the time to restore. */
export interface FailureEnd {
  /** when the incident was resolved; null while it is open */
  resolvedAt: Date | null;
}

export function doraRow(
  ref: { service: string; environment: string },
  rows: readonly Measured[],
  incidents: ReadonlyMap<string, FailureEnd>,
  days: number,
): Row {
  const deploys = rows.filter((one) => one.kind === "deploy");
  const promoted = deploys.filter((one) => one.status === "succeeded");
  // what was cancelled by hand says nothing about the change
  const changes = deploys.filter((one) => one.startedAt !== null && one.status !== "cancelled");
  const failed = changes.filter((one) => hasFailed(one, rows, incidents));
  const leads = promoted.flatMap(({ committedAt, finishedAt }) =>
    committedAt && finishedAt ? [Math.max(0, finishedAt.getTime() - committedAt.getTime()) / 1_000] : [],
  );
  const restores = failed.flatMap((one) => {
    const end = restoredAt(one, rows, incidents);
    return end && one.startedAt ? [Math.max(0, end.getTime() - one.startedAt.getTime()) / 1_000] : [];
  });
  const perDay = promoted.length / days;
  const rate = changes.length === 0 ? null : failed.length / changes.length;
  const [lead, restore] = [median(leads), median(restores)];
  return {
    ...ref,
    deployments: promoted.length,
    perDay,
    frequencyRating: promoted.length === 0 ? null : atLeast(perDay, [1, 1 / 7, 1 / 30]),
    leadTimeSeconds: lead,
    leadTimeRating: lead === null ? null : atMost(lead, [DAY, 7 * DAY, 30 * DAY]),
    leadTimeKnown: leads.length,
    changeFailureRate: rate,
    failures: failed.length,
    changes: changes.length,
    failureRating: rate === null ? null : atMost(rate, [0.05, 0.1, 0.15]),
    restoreSeconds: restore,
    restoreRating: restore === null ? null : atMost(restore, [HOUR, DAY, 7 * DAY]),
  };
}

const RATINGS = ["elite", "high", "medium"] as const;
const atLeast = (value: number, limits: readonly number[]): Rating =>
  RATINGS[limits.findIndex((limit) => value >= limit)] ?? "low";
const atMost = (value: number, limits: readonly number[]): Rating =>
  RATINGS[limits.findIndex((limit) => value <= limit)] ?? "low";

/** It had to be taken back, by itself or later, or somebody had to repair what it did. */
const hasFailed = (one: Measured, rows: readonly Measured[], incidents: ReadonlyMap<string, FailureEnd>): boolean =>
  one.status === "rolled_back" ||
  one.status === "failed" ||
  one.watchState === "regressed" ||
  incidents.has(one.id) ||
  rows.some((other) => other.rollbackOf === one.id && other.status === "succeeded");

/** The first of: its own rollback, a rollback of it, the next version that went well, the end of its incident. */
function restoredAt(one: Measured, rows: readonly Measured[], incidents: ReadonlyMap<string, FailureEnd>): Date | null {
  if (one.status === "rolled_back") return one.finishedAt;
  const after = rows.filter(
    (other) => other.status === "succeeded" && other.finishedAt && one.finishedAt && other.finishedAt > one.finishedAt,
  );
  const ends = [after[0]?.finishedAt, incidents.get(one.id)?.resolvedAt].flatMap((end) => end ?? []);
  return ends.sort((a, b) => a.getTime() - b.getTime())[0] ?? null;
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
