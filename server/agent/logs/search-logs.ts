import type { z } from "zod";
import { sourceView, windowOf } from "../kernel/answered.ts";
import type { AgentContext } from "../kernel/context.ts";
import { countWithin, MODEL_BUDGET_BYTES } from "../kernel/page-within.ts";
import { authorize } from "../kernel/permissions.ts";
import type { LogFilter, LogPage, LogSource } from "../ports/log-source.ts";
import type { Answer, TimeWindow } from "../ports/source.ts";
import { filterOf } from "./asked.ts";
import { isCounted } from "./counted.ts";
import { briefLine } from "./line-view.ts";
import type { SearchLogsInput, SearchLogsOutput } from "./schema.ts";

/** of an answer to a model, for what is not lines */
const FRAME_BYTES = 1_500;
/** more never fit */
const MODEL_LINES = 100;
/** whole hours are added up already */
const HOUR_SECONDS = 3_600;

/**
 * Lines of a window that meet a filter, page by page. A model gets them with long texts cut, and as many as it can read.
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
  const { order, cursor } = input;
  const forModel = ctx.via === "mcp";
  const limit = forModel ? Math.min(input.limit, MODEL_LINES) : input.limit;
  const [answer, counted] = await Promise.all([
    readPage(source, { window, filter, order, limit, cursor }, forModel, signal),
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
  forModel: boolean,
  signal: AbortSignal | undefined,
): Promise<Answer<LogPage>> {
  const answer = await source.lines(query, signal);
  if (!forModel) return answer;
  const lines = answer.data.lines.map(briefLine);
  const fitting = countWithin(lines, MODEL_BUDGET_BYTES - FRAME_BYTES);
  if (fitting < lines.length) return readPage(source, { ...query, limit: fitting }, forModel, signal);
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
