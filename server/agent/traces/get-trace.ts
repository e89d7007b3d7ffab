import type { z } from "zod";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { authorize } from "../kernel/permissions.ts";
import { sourceView } from "../kernel/source-answer.ts";
import type { Answer } from "../ports/source.ts";
import type { SpanRecord } from "../ports/telemetry.ts";
import type { LinkingSpan, TraceSource } from "../ports/trace-source.ts";
import { clipText } from "../text/clip-text.ts";
import type { GetTraceInput, GetTraceOutput } from "./schema.ts";
import { briefLinked, briefServices, spansWithin } from "./span-view.ts";
import { summariseTrace } from "./trace-summary.ts";
import { type Waterfall, waterfall } from "./waterfall.ts";

const MOST_LINKED = 50;
const LONGEST_ENVIRONMENT = 120;

/**
 * One trace as a waterfall, with where its time went. Beyond the limit, and beyond what its reader takes in, the spans
 * stay that `cutSpans` says.
 * @throws NOT_FOUND when no span of it is kept, and as TraceSource does
 */
export async function getTrace(
  ctx: AgentContext,
  input: z.output<typeof GetTraceInput>,
  signal?: AbortSignal,
): Promise<GetTraceOutput> {
  authorize(ctx, "telemetry.read");
  const { home, answer, records } = await findTrace(ctx, input, signal);
  const linked = await linkedFrom(home, input.traceId, signal);
  const trace = waterfall(records);
  const { reader } = ctx;
  const shown = spansWithin(trace.spans, input.limit, reader);
  const services = servicesOf(trace);
  return {
    traceId: input.traceId,
    summary: summariseTrace(trace),
    startAt: new Date(trace.startMs).toISOString(),
    durationMs: trace.durationMs,
    answeredMs: trace.answeredMs,
    extentMs: trace.extentMs,
    spanCount: trace.spans.length,
    errorCount: trace.errorCount,
    truncated: shown.length < trace.spans.length,
    source: sourceView(answer),
    services: reader.brief ? briefServices(services) : services,
    environment: clipText(trace.root?.span.environment ?? "", LONGEST_ENVIRONMENT),
    linkedFrom: linked && reader.brief ? briefLinked(linked) : linked,
    spans: shown,
  };
}

/** Where the service's traces are; and, as a trace id says nothing of its home, in the built-in store besides. */
async function findTrace(
  ctx: AgentContext,
  { traceId, service, source }: z.output<typeof GetTraceInput>,
  signal: AbortSignal | undefined,
): Promise<{ home: TraceSource; answer: Answer<SpanRecord[] | null>; records: SpanRecord[] }> {
  const first = ctx.telemetry.traces({ service, home: source });
  const homes: TraceSource[] = [first];
  if (source === undefined && first.info.kind !== "built-in") homes.push(ctx.telemetry.store.traces);
  for (const home of homes) {
    const answer = await home.get(traceId, signal);
    if (answer.data && answer.data.length > 0) return { home, answer, records: answer.data };
  }
  throw new AppError(
    "NOT_FOUND",
    `No span of the trace ${traceId} is there. It may be older than the days that are kept, not sampled, or on its way: spans arrive some seconds after they end.`,
    { details: { traceId, asked: homes.map(({ info }) => info.kind) } },
  );
}

/** What links to the trace, where its source can say. */
async function linkedFrom(
  home: TraceSource,
  traceId: string,
  signal: AbortSignal | undefined,
): Promise<LinkingSpan[] | null> {
  if (!home.linksTo) return null;
  return (await home.linksTo({ traceId, limit: MOST_LINKED }, signal)).data;
}

function servicesOf({ spans }: Waterfall): GetTraceOutput["services"] {
  const services = new Map<string, GetTraceOutput["services"][number]>();
  for (const { span, selfMs, afterMs } of spans) {
    const entry = services.get(span.service) ?? { service: span.service, spans: 0, selfMs: 0, afterMs: 0 };
    entry.spans++;
    entry.selfMs += selfMs - afterMs;
    entry.afterMs += afterMs;
    services.set(span.service, entry);
  }
  return [...services.values()].sort((a, b) => b.selfMs - a.selfMs);
}
