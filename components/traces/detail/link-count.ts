import type { GetTraceOutput, SpanView } from "#server/agent/traces/schema.ts";

/** The spans a span links to, and those that link to it. */
export const linkCount = (span: SpanView, { linkedFrom }: Pick<GetTraceOutput, "linkedFrom">): number =>
  span.links.length + (linkedFrom ?? []).filter(({ toSpanIds }) => toSpanIds.includes(span.spanId)).length;
