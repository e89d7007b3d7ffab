import type { z } from "zod";
import { refuseUnknownFilter } from "../catalog/known-names.ts";
import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import { sourceView, windowOf } from "../kernel/source-answer.ts";
import type { TraceSummaryRecord } from "../ports/trace-source.ts";
import { clipText } from "../text/clip-text.ts";
import type { ListTracesInput, ListTracesOutput, TraceFacetsInput, TraceFacetsOutput } from "./schema.ts";

/** in brief */
const LONGEST_NAME = 120;
const MOST_SERVICES = 6;

/**
 * Traces of a window, newest first. A brief reader gets smaller pages with long names cut.
 * @throws INVALID for a window that ends before it begins, and as TraceSource does
 */
export async function listTraces(
  ctx: AgentContext,
  input: z.output<typeof ListTracesInput>,
  signal?: AbortSignal,
): Promise<z.input<typeof ListTracesOutput>> {
  authorize(ctx, "telemetry.read");
  const { service, environment, operation, version, minDurationMs, maxDurationMs, onlyErrors, cursor } = input;
  const { reader } = ctx;
  const source = ctx.telemetry.traces({ service, home: input.source });
  await refuseUnknownFilter(ctx, { service, environment }, source);
  const answer = await source.list(
    {
      window: windowOf(input),
      filter: { service, environment, operation, version, minDurationMs, maxDurationMs, onlyErrors },
      limit: Math.min(input.limit, reader.most.traces),
      cursor,
    },
    signal,
  );
  const { items, nextCursor } = answer.data;
  return { source: sourceView(answer), nextCursor, items: reader.brief ? items.map(brief) : items };
}

const brief = (trace: TraceSummaryRecord): TraceSummaryRecord => ({
  ...trace,
  rootService: clipText(trace.rootService, LONGEST_NAME),
  rootName: clipText(trace.rootName, LONGEST_NAME),
  services: trace.services.slice(0, MOST_SERVICES),
});

/** Services that sent spans in the window and, when one is given, the names of its spans: what one can filter by. */
export async function traceFacets(
  ctx: AgentContext,
  input: z.output<typeof TraceFacetsInput>,
): Promise<z.input<typeof TraceFacetsOutput>> {
  authorize(ctx, "telemetry.read");
  const { service } = input;
  const window = windowOf(input);
  const traces = ctx.telemetry.traces({ service, home: input.source });
  await refuseUnknownFilter(ctx, { service }, traces);
  const services = await traces.services(window);
  if (service === undefined) return { services: services.data, operations: [], source: sourceView(services) };
  const operations = await traces.operations({ service, window });
  return { services: services.data, operations: operations.data, source: sourceView(services, operations) };
}
