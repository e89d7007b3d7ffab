import type { ServiceRow } from "#server/agent/services/schema.ts";

/** Whether errors, or latency, are beyond the service's limit: its status says so, and no number of the page's own. */
export const isBeyondLimit = (row: Pick<ServiceRow, "reasons">, kind: "errors" | "latency"): boolean =>
  row.reasons.some((reason) => reason.kind === kind);

type Unjudged = ServiceRow["unjudged"][number];

/** Why a figure beyond its limit makes no state, in few words; `title` has its numbers. Null when a state follows. */
export function whyNotJudged(
  row: Pick<ServiceRow, "unjudged">,
  kind: Unjudged["kind"],
): { words: string; title: string } | null {
  const figure = row.unjudged.find((one) => one.kind === kind);
  return figure ? { words: WORDS[figure.why], title: figure.message } : null;
}

const WORDS: Record<Unjudged["why"], string> = {
  few: "too few to judge",
  over: "recovered since",
};
