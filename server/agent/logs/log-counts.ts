import type { z } from "zod";
import { refuseUnknownFilter } from "../catalog/known-names.ts";
import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import { sourceView, windowOf } from "../kernel/source-answer.ts";
import type { LogLevel } from "../ports/telemetry.ts";
import { stepFor } from "./histogram-steps.ts";
import { filterOf } from "./query-scope.ts";
import type { LogCountsInput, LogCountsOutput } from "./schema.ts";

const STEPS = 90;

type Point = z.input<typeof LogCountsOutput>["points"][number];
type Shown = Exclude<keyof Point, "t">;

/**
 * Lines per step and level. Steps begin at round times, so that they stay what they are while a window moves on: the
 * first may begin before it.
 * @throws INVALID for a window that ends before it begins and a query that cannot be read, and as LogSource does
 */
export async function logCounts(
  ctx: AgentContext,
  input: z.output<typeof LogCountsInput>,
  signal?: AbortSignal,
): Promise<z.input<typeof LogCountsOutput>> {
  authorize(ctx, "telemetry.read");
  const window = windowOf(input);
  const filter = filterOf(input);
  const stepSeconds = stepFor(window, STEPS);
  const stepMs = stepSeconds * 1_000;
  const fromMs = Math.floor(window.from.getTime() / stepMs) * stepMs;
  const source = ctx.telemetry.logs({ service: filter.service, home: input.source });
  await refuseUnknownFilter(ctx, filter, source);
  const query = { window: { from: new Date(fromMs), to: window.to }, filter, stepSeconds };
  const answer = await source.counts(query, signal);
  const steps = Math.ceil((window.to.getTime() - fromMs) / stepMs);
  const points = Array.from({ length: steps }, (_, i) => pointAt(fromMs + i * stepMs));
  for (const { bucketMs, level, count } of answer.data) {
    const point = points[Math.floor((bucketMs - fromMs) / stepMs)];
    if (point) point[shownAs(level)] += count;
  }
  return { stepSeconds, source: sourceView(answer), points };
}

const pointAt = (ms: number): Point => ({ t: new Date(ms).toISOString(), debug: 0, info: 0, warn: 0, error: 0 });

function shownAs(level: LogLevel | null): Shown {
  if (level === "trace") return "debug";
  if (level === "fatal") return "error";
  return level ?? "info";
}
