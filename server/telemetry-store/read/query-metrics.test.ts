import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { METRIC_FUNCTIONS, type MetricFunction } from "#server/agent/ports/metrics-source.ts";
import { SERIES_KINDS, type SeriesKind } from "#server/agent/ports/telemetry.ts";
import { useDatabase } from "#server/testing/database.ts";
import { SENDER, samples } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LATE_MS = 90 * MINUTE_MS;
/** every test has hours of its own, one after the other */
let nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 14 * 24 * HOUR_MS;
let store: BuiltinStore;
let other: BuiltinStore;
const open = () => createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
beforeAll(() => {
  store = open();
  other = open();
});
afterAll(() => Promise.all([store.close(), other.close()]));

interface Given {
  kind: SeriesKind;
  /** by the millisecond, one value an instant */
  points: Map<number, number>;
}

const minuteOf = (at: number) => Math.floor(at / MINUTE_MS);
const areNear = (before: number, at: number) => minuteOf(at) - minuteOf(before) <= 5;
const sum = (of: number[]) => of.reduce((a, b) => a + b, 0);

/** What one series grew by in a step, each growth spread over the time between its samples; null where nothing is known. */
function growthOf({ kind, points }: Given, fromMs: number, toMs: number): { increase: number; rate: number } | null {
  const times = [...points.keys()].sort((a, b) => a - b);
  let [increase, least, most, count, apart] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  times.forEach((at, i) => {
    const value = points.get(at) ?? 0;
    const isIn = at >= fromMs && at < toMs;
    if (isIn) [count, least, most] = [count + 1, Math.min(least, at), Math.max(most, at)];
    let before = times[i - 1];
    // across a hole, a delta says nothing of the time before it
    if (kind === "delta" && before !== undefined && !areNear(before, at)) before = undefined;
    if (kind === "delta") before ??= minuteOf(at - 0.001) * MINUTE_MS;
    if (before === undefined) return;
    const [first, last] = [Math.max(before, fromMs), Math.min(at, toMs)];
    if (last <= first) return;
    const base = points.get(before) ?? 0;
    const gain = kind === "delta" || value < base ? value : value - base;
    increase += (gain * (last - first)) / (at - before);
    [least, most] = [Math.min(least, first), Math.max(most, last)];
    if (!isIn || before < fromMs) apart = Math.max(apart, at - before);
  });
  if (!(most > least)) return null;
  const distance = count > 0 ? (most - least) / count : apart;
  const edge = (open: number) => (open <= 1.1 * distance ? open : distance / 2);
  const stretched = 1 + (edge(least - fromMs) + edge(toMs - most)) / (most - least);
  return { increase, rate: (increase * stretched) / ((toMs - fromMs) / 1_000) };
}

/** What the figures of one step are by their definition; null where nothing is known. */
function expected(series: readonly Given[], fn: MetricFunction, fromMs: number, toMs: number): number | null {
  if (fn === "quantile") return null;
  if (fn === "rate" || fn === "increase") {
    const grown = series.flatMap((one) => (one.kind === "gauge" ? [] : (growthOf(one, fromMs, toMs)?.[fn] ?? [])));
    return grown.length > 0 ? sum(grown) : null;
  }
  // a series that has no sample in the step holds the value before it, until the next one
  const valued = series.flatMap(({ points }) => {
    const times = [...points.keys()].sort((a, b) => a - b);
    const own = times.filter((at) => at >= fromMs && at < toMs);
    const [before, next] = [times.findLast((at) => at < fromMs), times.find((at) => at >= toMs)];
    const isHeld = before !== undefined && next !== undefined && areNear(before, next);
    const shown = own.length > 0 ? own : isHeld ? [before] : [];
    return shown.length > 0 ? [shown.map((at) => points.get(at) ?? 0)] : [];
  });
  const values = valued.flat();
  if (values.length === 0) return null;
  const figures = {
    ...{ min: Math.min(...values), max: Math.max(...values), sum: sum(values), avg: sum(values) / values.length },
    ...{ last: sum(valued.map((own) => own.at(-1) ?? 0)), count: valued.length },
  };
  return figures[fn];
}

const FUNCTIONS = METRIC_FUNCTIONS.filter((fn) => fn !== "quantile");
async function expectFigures(metric: string, series: readonly Given[], startMs: number, steps: readonly number[]) {
  for (const stepSeconds of steps)
    for (const fn of FUNCTIONS) {
      const window = { from: new Date(startMs), to: new Date(startMs + 3 * HOUR_MS) };
      const { data } = await store.metrics.query({
        metric,
        filters: [],
        groupBy: [],
        fn,
        window,
        stepSeconds,
        limit: 5,
      });
      const stepMs = stepSeconds * 1_000;
      const wanted = Array.from({ length: (3 * HOUR_MS) / stepMs }, (_, i) =>
        expected(series, fn, startMs + i * stepMs, startMs + (i + 1) * stepMs),
      );
      const found = data.lines[0]?.values ?? wanted.map(() => null);
      const rounded = (values: (number | null)[]) => values.map((value) => value && Number(value.toPrecision(9)));
      expect({ fn, stepSeconds, values: rounded(found) }).toEqual({ fn, stepSeconds, values: rounded(wanted) });
    }
}

/** Samples that follow each other closely, for long enough that this is usual: series of others have a test of their own. */
const run = fc.record({
  gapMs: fc.integer({ min: 0, max: 40 * MINUTE_MS }),
  samples: fc.array(fc.tuple(fc.integer({ min: 1, max: 90_000 }), fc.integer({ min: 0, max: 1_000 })), {
    ...{ minLength: 6, maxLength: 20 },
  }),
});
/** runs with gaps between them */
const points = (maxMs: number) =>
  fc.array(run, { maxLength: 6 }).map((runs) => {
    const told = new Map<number, number>();
    let endMs = 0;
    for (const { gapMs, samples: given } of runs) {
      const pairs: [number, number][] = [];
      let at = endMs + gapMs;
      for (const [apart, value] of given) {
        at += apart;
        pairs.push([at, value]);
      }
      if (at >= maxMs) break;
      for (const [time, value] of pairs) told.set(time, value);
      endMs = at;
    }
    return told;
  });
const given = fc.record({
  kind: fc.constantFrom(...SERIES_KINDS),
  points: points(2 * HOUR_MS),
  late: points(50 * MINUTE_MS),
});

describe("figures of samples", () => {
  it("are the same from samples, from minutes and from hours, also with what comes late", {
    timeout: 120_000,
  }, async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(given, { minLength: 1, maxLength: 4 }), async (generated) => {
        // an instant that is there already is another test
        const series = generated.map((one) => ({
          ...one,
          late: new Map([...one.late].filter(([time]) => !one.points.has(time + LATE_MS))),
        }));
        nowMs += 6 * HOUR_MS;
        const startMs = nowMs - 4 * HOUR_MS;
        const metric = `figures_${run++}`;
        const write = async (to: BuiltinStore, which: "points" | "late", offsetMs: number) => {
          const batch = series.map((one, i) => {
            const times = [...one[which].keys()].sort((a, b) => a - b);
            return samples({
              ...{ name: metric, kind: one.kind, labels: { service: "s", i: String(i) } },
              ...{
                timesMs: times.map((at) => startMs + offsetMs + at),
                values: times.map((at) => one[which].get(at) ?? 0),
              },
            });
          });
          expect((await to.writeSamples(batch, SENDER)).rejected).toEqual([]);
        };
        const at = (which: "points" | "late", offsetMs: number) => (one: (typeof series)[number]) =>
          [...one[which]].map(([time, value]) => [startMs + offsetMs + time, value] as const);
        const first = series.map((one) => ({ kind: one.kind, points: new Map(at("points", 0)(one)) }));
        await write(store, "points", 0);
        await expectFigures(metric, first, startMs, [30, 60, 1_800, 3_600]);
        await upkeepOnce(store);
        await expectFigures(metric, first, startMs, [60, 300, 3_600]);
        // an hour later, into minutes and an hour that are rolled up: by a writer that does not know what was there
        const late = series.map((one) => ({
          kind: one.kind,
          points: new Map([...at("late", LATE_MS)(one), ...at("points", 0)(one)]),
        }));
        await Promise.all([write(other, "late", LATE_MS), upkeepOnce(store), upkeepOnce(other)]);
        await upkeepOnce(store);
        await expectFigures(metric, late, startMs, [60, 900, 3_600]);
      }),
      { numRuns: 8 },
    );
  });

  it("of an instant that was written twice count once", async () => {
    nowMs += 6 * HOUR_MS;
    const startMs = nowMs - 4 * HOUR_MS;
    const twice = samples({ name: "twice", kind: "gauge", timesMs: [startMs, startMs + 1_000], values: [3, 5] });
    await store.writeSamples([twice], SENDER);
    await other.writeSamples([twice], SENDER); // remembers nothing of it
    const query = async () => {
      const window = { from: new Date(startMs), to: new Date(startMs + MINUTE_MS) };
      const asked = { metric: "twice", filters: [], groupBy: [], window, stepSeconds: 60, limit: 1 };
      return [
        (await store.metrics.query({ ...asked, fn: "sum" })).data.lines[0]?.values,
        (await store.metrics.query({ ...asked, fn: "avg" })).data.lines[0]?.values,
      ];
    };
    expect(await query()).toEqual([[8], [4]]);
    await upkeepOnce(store);
    expect(await query()).toEqual([[8], [4]]);
  });

  it("are refused for more steps than anybody can look at", async () => {
    const window = { from: new Date(nowMs - 24 * HOUR_MS), to: new Date(nowMs) };
    const query = store.metrics.query({
      ...{ metric: "x", filters: [], groupBy: [], fn: "sum", window, stepSeconds: 1, limit: 1 },
    });
    await expect(query).rejects.toMatchObject({ code: "INVALID" });
  });

  it("are asked with any text in any place, and nothing but the answer comes of it", async () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("'; drop table metric_series; --", "$1", "\0", "\\", "%", '"', "a'b", "(?i)x", "${1}"),
    );
    const window = { from: new Date(nowMs - HOUR_MS), to: new Date(nowMs) };
    await fc.assert(
      fc.asyncProperty(
        hostile,
        hostile,
        hostile,
        fc.constantFrom(...METRIC_FUNCTIONS),
        async (metric, label, value, fn) => {
          const filters = (["=", "!="] as const).map((op) => ({ label, op, value }));
          const asked = { metric, filters, groupBy: [label], fn, window, stepSeconds: 60, limit: 5 };
          expect((await store.metrics.query(asked)).data.lines).toEqual([]);
          expect((await store.metrics.labels({ metric })).data).toEqual([]);
          expect((await store.metrics.labelValues({ metric, label, limit: 5 })).data).toEqual([]);
          await store.metrics.metrics({ search: value, service: label, limit: 5 });
          for (const op of ["=~", "!~"] as const)
            await store.metrics
              .query({ ...asked, filters: [{ label, op, value }] })
              .catch((error: unknown) => expect(error).toMatchObject({ code: "INVALID" }));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("find a hostile label again", async () => {
    const labels = { service: "hostile", "we'ird\"\\": "%_'; --\u0007" };
    await store.writeSamples(
      [samples({ name: "odd", kind: "gauge", labels, timesMs: [nowMs - MINUTE_MS], values: [4] })],
      SENDER,
    );
    const window = { from: new Date(nowMs - 10 * MINUTE_MS), to: new Date(nowMs) };
    const { data } = await store.metrics.query({
      ...{ metric: "odd", groupBy: ["we'ird\"\\"], fn: "last", window, stepSeconds: 600, limit: 5 },
      filters: [{ label: "we'ird\"\\", op: "=", value: "%_'; --\u0007" }],
    });
    expect(data.lines.map(({ labels: found }) => found)).toEqual([{ "we'ird\"\\": "%_'; --\u0007" }]);
  });
});
