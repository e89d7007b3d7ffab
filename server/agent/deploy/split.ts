import type { z } from "zod";
import { failedRequests, type OutcomeCounts, sumOutcomes } from "../kernel/outcomes.ts";
import type { PlatformService, TrafficCounts } from "../ports/platform.ts";
import type { VersionShare } from "./schema.ts";

/** How the requests are split between the versions of a deployment. Pure. */

/** The share is that of the newest seconds. */
const SHARE_MS = 10_000;
/** Complete 2-second buckets lag so far behind. */
const LAG_MS = 2_000;

interface Given {
  /** the old version, then the new one */
  versions: readonly string[];
  /** null when the platform cannot be reached */
  platform: Pick<PlatformService, "weights" | "instances"> | null;
  /** 2-second buckets of the service */
  samples: readonly TrafficCounts[];
  stored: ReadonlyMap<string, OutcomeCounts>;
  /** samples from here on are not in `stored` yet; null when the deployment has not begun, or has ended */
  countFrom: Date | null;
  now: Date;
}

export function splitOf(given: Given): z.infer<typeof VersionShare>[] {
  const { versions, platform, samples, stored, countFrom, now } = given;
  const recentFrom = now.getTime() - SHARE_MS - LAG_MS;
  const recent = sum(samples.filter((one) => Date.parse(one.bucketAt) >= recentFrom));
  const total = [...recent.values()].reduce((all, { requests }) => all + requests, 0);
  const late = sum(countFrom ? samples.filter((one) => Date.parse(one.bucketAt) >= countFrom.getTime()) : []);
  return versions.map((version) => {
    const counted = sumOutcomes([stored.get(version), late.get(version)].filter((one) => one !== undefined));
    const weights = platform?.weights ?? null;
    const ready = platform?.instances.filter((one) => one.version === version && one.state === "ready").length ?? 0;
    return {
      version,
      weight: weights === null ? null : (weights[version] ?? 0),
      share: total === 0 ? null : Math.round(((recent.get(version)?.requests ?? 0) / total) * 1_000) / 10,
      readyInstances: ready,
      requests: counted.requests,
      errors: failedRequests(counted, null),
    };
  });
}

const sum = (samples: readonly TrafficCounts[]): Map<string, OutcomeCounts> =>
  new Map([...Map.groupBy(samples, (one) => one.version)].map(([version, rows]) => [version, sumOutcomes(rows)]));
