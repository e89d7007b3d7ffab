import type { z } from "zod";
import type { TrafficCounts } from "../../ports/traffic.ts";
import type { PlatformService } from "../../ports/workloads.ts";
import { failedRequests, type OutcomeCounts, sumOutcomes } from "../../telemetry/outcomes.ts";
import type { VersionShare } from "../split-schema.ts";

/** How the requests are split between the versions of a deployment. Pure. */

/** The share is that of the newest seconds. */
const SHARE_MS = 10_000;
/** Complete 2-second buckets lag so far behind. */
const LAG_MS = 2_000;

/** By then the last samples of a time are told and stored. */
const SETTLED_MS = 20_000;

export interface TrafficWindow {
  from: Date;
  /** null: it runs */
  to: Date | null;
  /** everything of that time is counted */
  final: boolean;
}

/**
 * The time whose requests are a deployment's, in whole stored buckets: the same requests are counted whether they are
 * read from samples of 2 s or, later, from those buckets. The bucket it began in is left out where others follow, the
 * one it ended in belongs to it.
 */
export function trafficWindow(started: Date, finished: Date | null, stepSeconds: 10 | 60, now: Date): TrafficWindow {
  const stepMs = stepSeconds * 1_000;
  const up = (at: Date) => Math.ceil(at.getTime() / stepMs) * stepMs;
  if (finished === null) return { from: new Date(up(started)), to: null, final: false };
  const to = up(finished);
  const from = up(started) < to ? up(started) : Math.floor(started.getTime() / stepMs) * stepMs;
  return { from: new Date(from), to: new Date(to), final: now.getTime() >= to + SETTLED_MS };
}

interface Given {
  /** the old version, then the new one */
  versions: readonly string[];
  /** null when the platform cannot be reached */
  platform: Pick<PlatformService, "weights" | "instances"> | null;
  /** 2-second buckets of the service */
  samples: readonly TrafficCounts[];
  stored: ReadonlyMap<string, OutcomeCounts>;
  /** 2-second buckets of which some are not in `stored` yet: those from `countFrom` on */
  late: readonly TrafficCounts[];
  /** null when the deployment has not begun */
  countFrom: Date | null;
  /** the end of the window of a deployment that has ended: what came later is not its own */
  countTo: Date | null;
  now: Date;
}

export function splitOf(given: Given): z.infer<typeof VersionShare>[] {
  const { versions, platform, samples, stored, late, countFrom, countTo, now } = given;
  const recentFrom = now.getTime() - SHARE_MS - LAG_MS;
  const recent = sum(samples.filter((one) => Date.parse(one.bucketAt) >= recentFrom));
  const total = [...recent.values()].reduce((all, { requests }) => all + requests, 0);
  const [from, to] = [countFrom?.getTime() ?? Infinity, countTo?.getTime() ?? Infinity];
  const uncounted = sum(late.filter((one) => Date.parse(one.bucketAt) >= from && Date.parse(one.bucketAt) < to));
  return versions.map((version) => {
    const counted = sumOutcomes([stored.get(version), uncounted.get(version)].filter((one) => one !== undefined));
    const weights = platform?.weights ?? null;
    const own = recent.get(version)?.requests ?? 0;
    // a zero that the newest seconds deny, or that nobody could count, is unknown
    const unknown =
      countTo === null
        ? own > 0 || (stored.size === 0 && platform === null)
        : stored.size === 0 && uncounted.size === 0;
    const known = counted.requests > 0 || !unknown;
    return {
      version,
      weight: weights === null ? null : (weights[version] ?? 0),
      share: total === 0 ? null : Math.round((own / total) * 1_000) / 10,
      readyInstances: platform ? readyOn(platform.instances, version) : null,
      requests: known ? counted.requests : null,
      errors: known ? failedRequests(counted, null) : null,
    };
  });
}

/** How many ready instances a version has. */
export const readyOn = (instances: PlatformService["instances"], version: string): number =>
  instances.filter((one) => one.version === version && one.state === "ready").length;

const sum = (samples: readonly TrafficCounts[]): Map<string, OutcomeCounts> =>
  new Map([...Map.groupBy(samples, (one) => one.version)].map(([version, rows]) => [version, sumOutcomes(rows)]));
