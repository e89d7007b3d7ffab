import type { z } from "zod";
import { refuseUnknownFilter } from "../catalog/known-names.ts";
import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import type { ReaderBudget } from "../kernel/reader-budget.ts";
import { sourceView, windowOf } from "../kernel/source-answer.ts";
import type { LogFilter, LogPage, LogSource } from "../ports/log-source.ts";
import type { Answer, TimeWindow } from "../ports/source.ts";
import { countWithin } from "../text/page-within.ts";
import { isCounted } from "./counted.ts";
import { briefLine } from "./line-view.ts";
import { filterOf } from "./query-scope.ts";
import type { SearchLogsInput, SearchLogsOutput } from "./schema.ts";

/** of an answer, for what is not lines */
const FRAME_BYTES = 1_500;
/** whole hours are added up already */
const HOUR_SECONDS = 3_600;

/**
 * Lines of a window that meet a filter, page by page. A brief reader gets them with long texts cut, and as
 * many as it takes in.
 * @throws INVALID for a window that ends before it begins and a query that cannot be read, and as LogSource does
 */
export async function searchLogs(
  ctx: AgentContext,
  input: SearchLogsInput,
  signal?: AbortSignal,
): Promise<z.input<typeof SearchLogsOutput>> {
  authorize(ctx, "telemetry.read");
  const window = windowOf(input);
  const filter = filterOf(input);
  const source = ctx.telemetry.logs({ service: filter.service, home: input.source });
  await refuseUnknownFilter(ctx, filter, source);
  const { order, cursor } = input;
  const { reader } = ctx;
  const limit = Math.min(input.limit, reader.most.lines);
  const [answer, counted] = await Promise.all([
    readPage(source, { window, filter, order, limit, cursor }, reader, signal),
    cursor === undefined ? countMatched(source, window, filter, signal) : null,
  ]);
  const { lines, nextCursor } = answer.data;
  const isAll = cursor === undefined && nextCursor === null;
  return {
    matched: isAll ? lines.length : counted,
    truncated: nextCursor !== null,
    nextCursor,
    source: sourceView(answer),
    lines,
  };
}

/** A page that does not fit is read again with as many lines as do, so that its cursor is right. */
async function readPage(
  source: LogSource,
  query: Parameters<LogSource["lines"]>[0],
  reader: ReaderBudget,
  signal: AbortSignal | undefined,
): Promise<Answer<LogPage>> {
  const answer = await source.lines(query, signal);
  const lines = reader.brief ? answer.data.lines.map(briefLine) : answer.data.lines;
  const fitting = countWithin(lines, reader.bytes - FRAME_BYTES);
  if (fitting < lines.length) return readPage(source, { ...query, limit: fitting }, reader, signal);
  return { ...answer, data: { ...answer.data, lines } };
}

/** How many lines there are, where the source has counted them already; else null. */
async function countMatched(
  source: LogSource,
  window: TimeWindow,
  filter: LogFilter,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  if (source.patternCounts === null || !isCounted(filter)) return null;
  const { data } = await source.counts({ window, filter, stepSeconds: HOUR_SECONDS }, signal);
  return data.reduce((sum, { count }) => sum + count, 0);
}
