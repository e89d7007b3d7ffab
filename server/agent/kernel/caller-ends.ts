import type { CallerEnd, CallerEnds } from "../ports/traffic.ts";

/** Answers that a caller can bring about by what it asks for. */
const CALLER_ENDS: readonly CallerEnd[] = ["status3xx", "status4xx", "status5xx"];

export const isCallerEnd = (outcome: string): outcome is CallerEnd => CALLER_ENDS.some((one) => one === outcome);

/** How many of a caller's requests ended so. */
export const callerEnds = (ends: CallerEnds): number => CALLER_ENDS.reduce((sum, name) => sum + ends[name], 0);
