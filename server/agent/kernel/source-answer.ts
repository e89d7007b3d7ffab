import type { Answer, TimeWindow } from "../ports/source.ts";
import type { SourceView } from "../telemetry/telemetry-schema.ts";
import { AppError } from "./errors.ts";

/** The window two ISO 8601 times span. @throws INVALID when it is empty or ends before it begins */
export function windowOf({ startTime, endTime }: { startTime: string; endTime: string }): TimeWindow {
  const [from, to] = [new Date(startTime), new Date(endTime)];
  if (from < to) return { from, to };
  throw new AppError("INVALID", `endTime (${endTime}) must be after startTime (${startTime}).`, {
    details: { startTime, endTime },
  });
}

/** Who answered, for the output. Of several answers: stale when one is, and as old as the oldest. */
export function sourceView(...answers: readonly [Answer<unknown>, ...Answer<unknown>[]]): SourceView {
  const [{ source }] = answers;
  return {
    kind: source.kind,
    address: source.address,
    asOf: answers.map(({ asOf }) => asOf).sort()[0] ?? answers[0].asOf,
    stale: answers.some(({ stale }) => stale),
  };
}
