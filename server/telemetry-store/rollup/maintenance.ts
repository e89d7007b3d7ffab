import { monotonicMs } from "#server/agent/kernel/clock.ts";
import { startPeriodic } from "../../agent/kernel/periodic.ts";
import { DAY_MS } from "../partitions/partitions.ts";
import type { SizeRetention } from "../partitions/size-retention.ts";
import { forgetHelp } from "../series/metric-help.ts";
import { forgetRefusals } from "../write/ingest-counts.ts";
import { forgetStarts } from "../write/metric-starts.ts";
import type { StoreParts } from "../write/record-writer.ts";
import { advance } from "./rollup.ts";
import { LOG_ROLLUP } from "./rollup-logs.ts";
import { METRIC_ROLLUP } from "./rollup-metrics.ts";
import { SPAN_ROLLUP } from "./rollup-spans.ts";

const ROLL_UP_MS = 5_000;
const KEEP_HOUSE_MS = 3_600_000;
const ENFORCE_SIZE_MS = 60_000;

/** Rolls up what is closed; many processes may do it, each part is done by one of them. */
async function rollUp({ database, now }: StoreParts): Promise<void> {
  for (const rollup of [LOG_ROLLUP, METRIC_ROLLUP, SPAN_ROLLUP]) await advance(database, rollup, now());
  await database.transact(forgetRefusals);
}

/** Makes partitions ahead, drops old ones, and forgets what nothing refers to any more. */
async function maintain({ database, partitions, retention, now }: StoreParts): Promise<void> {
  await partitions.makeAhead(now());
  await partitions.dropOld(now());
  const before = (days: number) => new Date(now().getTime() - (days + 8) * DAY_MS); // rollups go by the week
  await database.transact(async (tx) => {
    await tx.query("delete from metric_series where last_seen_at < $1", [
      before(Math.max(retention.rollupsDays, retention.samplesDays)),
    ]);
    await forgetHelp(tx);
    await forgetStarts(tx, before(Math.max(retention.rollupsDays, retention.samplesDays)));
    await tx.query(
      `delete from log_pattern p where last_seen_at < $1 and name is null and not pinned and not ignored and alert is null
         and not exists (select from log_pattern m where m.merged_into = p.id)`,
      [before(Math.max(retention.rollupsDays, retention.logsDays))],
    );
    await tx.query("delete from stream_position where read_at < $1", [before(retention.logsDays)]);
    await tx.query("delete from scrape_state where last_at < $1", [before(retention.samplesDays)]);
  });
}

interface Upkeep {
  parts: StoreParts;
  sizeRetention: SizeRetention;
}

/** All that is due now. */
export async function upkeepOnce({ parts, sizeRetention }: Upkeep): Promise<void> {
  await maintain(parts);
  await sizeRetention.enforce();
  await rollUp(parts);
}

/** Rolls up every five seconds, keeps to its bytes every minute and keeps house every hour, in any number of processes, until stopped. */
export function startTelemetryUpkeep(
  { parts, sizeRetention }: Upkeep,
  report: (message: string, error: unknown) => void,
): { stop(): Promise<void> } {
  let housekeptAt = Number.NEGATIVE_INFINITY;
  let sizeEnforcedAt = Number.NEGATIVE_INFINITY;
  const enforceSize = async () => {
    if (monotonicMs() - sizeEnforcedAt < ENFORCE_SIZE_MS) return sizeRetention.readDisk();
    const dropped = await sizeRetention.enforce();
    sizeEnforcedAt = monotonicMs();
    if (dropped.length > 0)
      report(`dropped ${dropped.length} partitions of telemetry to keep its bytes to their limit`, dropped.join(", "));
  };
  const round = async () => {
    await enforceSize();
    if (monotonicMs() - housekeptAt >= KEEP_HOUSE_MS) {
      await maintain(parts);
      housekeptAt = monotonicMs();
    }
    await rollUp(parts);
  };
  return startPeriodic(ROLL_UP_MS, round, (error) => report("telemetry was not rolled up; tried again later", error));
}
