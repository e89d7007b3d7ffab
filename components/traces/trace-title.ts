import type { GetTraceOutput } from "#server/agent/traces/schema.ts";
import { plainText } from "../logs/lines/plain-text.ts";

/** The request as its first span names it: "gateway POST /orders". */
export function traceTitle({ spans, traceId }: Pick<GetTraceOutput, "spans" | "traceId">): string {
  const [root] = spans;
  return root ? plainText(`${root.service} ${root.name}`.trim()) : `Trace ${traceId.slice(0, 8)}`;
}
