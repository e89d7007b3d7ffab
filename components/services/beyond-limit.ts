import type { ServiceRow } from "#server/agent/services/schema.ts";

/** Whether errors, or latency, are beyond the service's limit: its status says so, and no number of the page's own. */
export const isBeyondLimit = (row: Pick<ServiceRow, "reasons">, kind: "errors" | "latency"): boolean =>
  row.reasons.some((reason) => reason.kind === kind);

/** Why a figure that looks bad makes no state, as of too few requests; null when it is judged. */
export const whyNotJudged = (row: Pick<ServiceRow, "unjudged">, kind: "errors" | "latency"): string | null =>
  row.unjudged.find((figure) => figure.kind === kind)?.message ?? null;
