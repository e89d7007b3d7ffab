import { formatDuration, formatNumber, formatPercent, MISSING, plural } from "../lib/format.ts";
import type { RouterOutputs } from "../trpc/client.tsx";

/** The four key measures in words: the number, and what it is of, or why there is none. Pure. */

export type DeliveryRow = RouterOutputs["deploy"]["dora"]["rows"][number];

interface Words {
  value: string | null;
  base: string;
}

/** Deployments that were begun and did not end well are tried, not deployed. */
export function frequencyOf({ deployments, changes, perDay }: DeliveryRow): Words {
  if (deployments === 0)
    return {
      value: null,
      base: changes === 0 ? "nothing was deployed" : `none succeeded of ${plural(changes, "change")}`,
    };
  const value = perDay >= 1 ? `${formatNumber(perDay)} a day` : `${formatNumber(perDay * 7)} a week`;
  return { value, base: plural(deployments, "deployment") };
}

export function leadTimeOf({ leadTimeSeconds, leadTimeKnown, deployments }: DeliveryRow): Words {
  if (deployments === 0) return { value: null, base: MISSING };
  if (leadTimeSeconds === null) return { value: null, base: "no commit times known: set committedAt" };
  return { value: formatDuration(leadTimeSeconds * 1_000), base: `known of ${leadTimeKnown} of ${deployments}` };
}

export function failuresOf({ changeFailureRate, failures, changes }: DeliveryRow): Words {
  if (changeFailureRate === null) return { value: null, base: MISSING };
  return { value: formatPercent(changeFailureRate * 100), base: `${failures} of ${plural(changes, "change")}` };
}

export function restoreOf({ restoreSeconds, failures, changes }: DeliveryRow): Words {
  if (changes === 0) return { value: null, base: MISSING };
  if (failures === 0) return { value: null, base: "nothing failed" };
  if (restoreSeconds === null) return { value: null, base: "not restored yet" };
  return {
    value: formatDuration(restoreSeconds * 1_000),
    base: `${failures === 1 ? "after" : "median after"} ${plural(failures, "failure")}`,
  };
}

/** Going back fast is no good mark for delivery while nothing that was tried has succeeded. */
export const restoreRatingOf = ({ deployments, restoreRating }: DeliveryRow): DeliveryRow["restoreRating"] =>
  deployments === 0 ? null : restoreRating;

/** A grade by its name: a bare "low" beside a rate would read as "few". */
export const gradeOf = (rating: NonNullable<DeliveryRow["frequencyRating"]>): string => `DORA: ${rating} performer`;
