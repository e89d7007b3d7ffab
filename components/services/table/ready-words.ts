import type { ServiceRow } from "#server/agent/services/schema.ts";
import { formatCount, MISSING } from "../../lib/format.ts";

type Row = Pick<ServiceRow, "instancesReady" | "instancesWanted">;

/** `2/3`; `3 + 1` while a deployment keeps more ready than are wanted; a dash for what is not known. */
export function readyWords({ instancesReady: ready, instancesWanted: wanted }: Row): string {
  if (ready === null && wanted === null) return MISSING;
  if (ready !== null && wanted !== null && ready > wanted) return `${wanted} + ${ready - wanted}`;
  return `${formatCount(ready)}/${formatCount(wanted)}`;
}

/** `2 ready, 3 wanted` */
export const readySentence = ({ instancesReady: ready, instancesWanted: wanted }: Row): string =>
  `${ready === null ? "not known how many are ready" : `${formatCount(ready)} ready`}, ${formatCount(wanted)} wanted`;

/** Whether fewer are ready than are wanted, as far as that is known. */
export const lacksInstances = ({ instancesReady: ready, instancesWanted: wanted }: Row): boolean =>
  ready !== null && wanted !== null && ready < wanted;
