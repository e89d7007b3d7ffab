import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as schema from "#server/agent/metrics/schema.ts";
import { FILTER_OPS } from "#server/agent/metrics/words.ts";
import { METRIC_FUNCTION_NAMES } from "#server/agent/telemetry/metric-functions.ts";
import { EMPTY_PANEL, type PanelQuery, queryOf, readPanels, writePanels } from "./panel-query.ts";

const WINDOW = { startTime: "2026-11-25T11:00:00Z", endTime: "2026-11-25T12:00:00Z" };
const panel: fc.Arbitrary<PanelQuery> = fc.record({
  metric: fc.option(fc.string({ minLength: 1, maxLength: 60 })),
  promql: fc.option(fc.string({ maxLength: 60 })),
  filters: fc.array(
    fc.record({
      label: fc.string({ minLength: 1, maxLength: 20 }),
      op: fc.constantFrom(...FILTER_OPS),
      value: fc.string({ maxLength: 40 }),
    }),
    { maxLength: 4 },
  ),
  groupBy: fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 5 }),
  fn: fc.option(fc.constantFrom(...METRIC_FUNCTION_NAMES)),
  quantile: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value || 0),
  stepSeconds: fc.option(fc.integer({ min: 1, max: 86_400 })),
  hidden: fc.array(fc.string({ maxLength: 40 }), { maxLength: 4 }),
});

it("knows the operators of the server", () => {
  expect(schema.LabelFilterInput.shape.op.unwrap().options).toEqual(FILTER_OPS);
});

describe("readPanels", () => {
  it("reads what was written", () => {
    fc.assert(
      fc.property(fc.array(panel, { maxLength: 6 }), (panels) => {
        expect(readPanels(writePanels(panels))).toEqual(panels);
      }),
    );
  });

  it("is short for what is as usual", () => {
    expect(writePanels([{ ...EMPTY_PANEL, metric: "up" }])).toBe('[{"m":"up"}]');
  });

  it("takes nothing for granted, and asks for nothing the server refuses", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        for (const read of readPanels(text) ?? []) {
          const query = queryOf(read);
          if (query) expect(schema.QueryMetricsInput.safeParse({ ...WINDOW, ...query }).success).toBe(true);
        }
      }),
    );
    const wild = readPanels('[{"m":5,"f":[["a","~","b"],["a","="],7],"g":"x","fn":"sin","p":9,"s":-1,"h":[{}]},null]');
    expect(wild).toEqual([EMPTY_PANEL, EMPTY_PANEL]);
    expect([readPanels('[{"m":"u'), readPanels("{}"), readPanels(null)]).toEqual([null, null, null]);
  });
});

describe("queryOf", () => {
  it("asks for nothing before a metric is chosen", () => {
    expect([queryOf(EMPTY_PANEL), queryOf({ ...EMPTY_PANEL, promql: "  " })]).toEqual([null, null]);
  });

  it("asks in PromQL instead of by the form", () => {
    expect(queryOf({ ...EMPTY_PANEL, metric: "up", promql: " sum(up) ", stepSeconds: 30 })).toEqual({
      promql: "sum(up)",
      stepSeconds: 30,
    });
  });
});
