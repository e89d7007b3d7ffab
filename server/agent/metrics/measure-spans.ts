import type { AgentContext } from "../kernel/context.ts";
import { sourceView } from "../kernel/source-answer.ts";
import type { ServedCounts, TraceSource } from "../ports/trace-source.ts";
import { quantileMs } from "../telemetry/histogram.ts";
import { allSignals, type Measured, type MeasuredRef, type MeasuredSignal, UNITS, unmeasured } from "./measured.ts";
import type { SignalName } from "./schema.ts";
import { type Grid, windowOfGrid } from "./steps.ts";

/** rollups of spans are of minutes, and each step is a question of its own */
export const SPAN_STEP_SECONDS = 60;
export const SPAN_POINTS = 30;
const AT_ONCE = 4;

/** Rate, errors and latency of a service from its server and consumer spans (RED from traces). @throws as TraceSource does */
export async function measureSpans(
  traces: TraceSource,
  ref: MeasuredRef,
  grid: Grid,
  ctx: AgentContext,
): Promise<Measured> {
  const { served } = traces;
  const none = { data: null, source: traces.info, asOf: ctx.now().toISOString(), stale: false };
  if (!served) {
    const problem = "this source of traces does not count spans; choose another services[].telemetry.template";
    return {
      source: sourceView(none),
      signals: allSignals({}, (signal) => unmeasured(signal, grid.steps, problem)),
    };
  }
  const answers = await inTurns(stepsOf(grid), AT_ONCE, (window) => served({ window, environment: ref.environment }));
  const counts = answers.map(({ data }) => data.find((one) => one.service === ref.service) ?? null);
  const read = (of: (counted: ServedCounts) => number | null) => counts.map((one) => (one ? of(one) : null));
  const signal = (name: SignalName, values: (number | null)[], query: string): MeasuredSignal => ({
    ...{ unit: UNITS[name], values, query, promql: null },
    problem: values.some((value) => value !== null) ? null : `no server spans of ${ref.service} arrived then`,
  });
  const quantile = (name: SignalName, q: number): MeasuredSignal =>
    signal(
      name,
      read((one) => quantileMs(one.latency, q)),
      `p${q * 100} of server and consumer spans`,
    );
  const found = {
    requestRate: signal(
      "requestRate",
      read((one) => one.calls / grid.stepSeconds),
      "server and consumer spans",
    ),
    errorPercent: signal(
      "errorPercent",
      read((one) => (one.calls > 0 ? (one.errors / one.calls) * 100 : null)),
      "server and consumer spans with status error ÷ all",
    ),
    latencyP50Ms: quantile("latencyP50Ms", 0.5),
    latencyP95Ms: quantile("latencyP95Ms", 0.95),
    latencyP99Ms: quantile("latencyP99Ms", 0.99),
  };
  const [first = none, ...more] = answers;
  return {
    source: sourceView(first, ...more),
    signals: allSignals(found, (name) => unmeasured(name, grid.steps, "spans do not tell it")),
  };
}

const stepsOf = (grid: Grid) =>
  Array.from({ length: grid.steps }, (_, i) =>
    windowOfGrid({ ...grid, startMs: grid.startMs + i * grid.stepSeconds * 1_000, steps: 1 }),
  );

/** Asks for all in order, at most so many at once. */
async function inTurns<I, O>(items: readonly I[], atOnce: number, ask: (item: I) => Promise<O>): Promise<O[]> {
  const answers: O[] = [];
  for (let i = 0; i < items.length; i += atOnce)
    answers.push(...(await Promise.all(items.slice(i, i + atOnce).map(ask))));
  return answers;
}
