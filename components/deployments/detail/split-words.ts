import type { z } from "zod";
import type { DeploymentView } from "#server/agent/deploy/schema.ts";
import type { VersionShare } from "#server/agent/deploy/split-schema.ts";
import { formatCount, formatPercent, MISSING, plural } from "../../lib/format.ts";

export type Share = z.infer<typeof VersionShare>;

/** Percent of the bar's width per version: what it is to have, else what it had, else its instances; null: unknown. */
export function widthsOf(split: readonly Share[]): number[] | null {
  const by = (value: (share: Share) => number | null) => {
    const values = split.map(value);
    const sum = values.reduce<number>((total, one) => total + (one ?? 0), 0);
    return values.every((one) => one !== null) && sum > 0 ? values.map((one) => ((one ?? 0) / sum) * 100) : null;
  };
  return by((one) => one.weight) ?? by((one) => one.share) ?? by((one) => one.readyInstances);
}

/** Whether the platform told how the versions stand: its silence is no even split. */
const isTold = (split: readonly Share[]): boolean =>
  split.some(({ weight, readyInstances }) => weight !== null || readyInstances !== null);

/** How the traffic is shared, as the panel's note. */
export function sharingOf(split: readonly Share[]): string {
  if (!isTold(split)) return "how the traffic is shared is not known now";
  return split.some(({ weight }) => weight !== null) ? "split by weight" : "shared evenly by all ready instances";
}

/** What a version is to have: "5 %", "even", or unknown. */
export function targetOf({ weight }: Share, split: readonly Share[]): string {
  if (weight !== null) return formatPercent(weight);
  return isTold(split) ? "even" : MISSING;
}

/** Requests of all versions; null when those of none are known. */
function sumOf(split: readonly Share[]): number | null {
  const known = split.flatMap(({ requests }) => requests ?? []);
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0);
}

/** What each version was asked while a deployment ran, and its share; null when nothing was counted. */
export function afterwardsOf(
  split: readonly Share[],
): (Pick<Share, "version" | "requests" | "errors"> & { sharePercent: number | null })[] | null {
  const all = sumOf(split);
  if (!all) return null;
  const whole = split.every(({ requests }) => requests !== null);
  return split.map(({ version, requests, errors }) => ({
    ...{ version, requests, errors },
    sharePercent: whole && requests !== null ? (requests / all) * 100 : null,
  }));
}

/** What the new version cost its users, against the share it had. Null while that of any version is not counted. */
export function costOf(
  { version }: Pick<DeploymentView, "version">,
  split: readonly Share[],
  ended = false,
): string | null {
  const all = split.every(({ requests }) => requests !== null) ? sumOf(split) : null;
  const fresh = split.find((one) => one.version === version);
  if (!fresh || !all || fresh.requests === null) return null;
  if (fresh.requests === 0)
    return `${version} ${ended ? "answered no request while it ran" : "has answered no request yet"}.`;
  const had = `${version} answered ${formatCount(fresh.requests)} of ${formatCount(all)} requests ${ended ? "during the deployment" : "since the deployment began"} (${formatPercent((fresh.requests / all) * 100)})`;
  if (fresh.errors === null) return `${had}.`;
  if (fresh.errors === 0) return `${had}; none of them failed.`;
  const percentOf = (base: number) => formatPercent(((fresh.errors ?? 0) / base) * 100);
  const own = `${formatCount(fresh.errors)} of its ${plural(fresh.requests, "request")} failed, ${percentOf(fresh.requests)}`;
  return `${had}; ${own}; that is ${percentOf(all)} of all ${plural(all, "request")}.`;
}
