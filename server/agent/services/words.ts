import type { StatusReason } from "./schema.ts";

/** Whether it is of what users meet, rather than of a check or of Operate. */
export const isOfRequests = ({ kind }: Pick<StatusReason, "kind">): boolean =>
  kind === "errors" || kind === "latency" || kind === "late";
