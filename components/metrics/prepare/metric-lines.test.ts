import { describe, expect, it } from "vitest";
import { preparePanel } from "../../charts/prepare/panel.ts";
import { functionsOf, titleOf } from "./functions.ts";
import { metricPanel, nameOfLine, unitOf, varyingLabels } from "./metric-lines.ts";

const line = (labels: Record<string, string>, values: (number | null)[]) => ({
  ...{ labels, values },
  ...{ last: values.at(-1) ?? null, min: 0, avg: 1, max: 2 },
});
const output = (unit = "By") => ({
  ...{ unit, start: "2026-11-25T11:00:00.000Z", stepSeconds: 30 },
  lines: [
    line({ job: "shop", version: "2.4.0" }, [1, null]),
    line({ job: "shop", version: "2.5.0" }, [3, 4]),
    line({ job: "shop" }, [5, 6]),
  ],
});

describe("nameOfLine", () => {
  it("names a line by what tells it from the others", () => {
    expect(varyingLabels(output().lines)).toEqual(["version"]);
    expect(output().lines.map(({ labels }) => nameOfLine(labels, ["version"], "up"))).toEqual(["2.4.0", "2.5.0", "up"]);
    expect(nameOfLine({ a: "1", b: "2" }, ["a", "b"], "up")).toBe("a=1, b=2");
    expect(nameOfLine({ a: "" }, ["a"], "up")).toBe("no a");
  });

  it("names a single line by all it has, or by the metric", () => {
    expect(nameOfLine({ job: "shop" }, varyingLabels([{ labels: { job: "shop" } }]), "up")).toBe("shop");
    expect(nameOfLine({}, varyingLabels([{ labels: {} }]), "up")).toBe("up");
  });
});

describe("metricPanel", () => {
  it("draws every line over the same times, its gaps as gaps", () => {
    const { input } = metricPanel(output(), [], "up");
    expect(input.points).toEqual([
      { t: "2026-11-25T11:00:00.000Z", "line-0": 1, "line-1": 3, "line-2": 5 },
      { t: "2026-11-25T11:00:30.000Z", "line-0": null, "line-1": 4, "line-2": 6 },
    ]);
  });

  it("keeps the colours of those that stay when one is hidden, and its row in the legend", () => {
    const { input, lines } = metricPanel(output(), ["2.4.0"], "up");
    expect(input.lines.map(({ label, series }) => [label, series])).toEqual([
      ["2.5.0", 1],
      ["up", 2],
    ]);
    expect(lines.map(({ name }) => name)).toEqual(["2.4.0", "2.5.0", "up"]);
  });

  it("is a chart of nothing when there are no lines", () => {
    const { input } = metricPanel({ ...output(), lines: [] }, [], "up");
    expect(preparePanel(input, 0).known).toBe(false);
  });
});

describe("unitOf", () => {
  it.each([
    ["s", "seconds", ""],
    ["seconds", "seconds", ""],
    ["ms", "ms", ""],
    ["By", "bytes", ""],
    ["bytes/s", "number", "bytes per second"],
    ["1/s", "per-second", ""],
    ["/s", "per-second", ""],
    ["{request}/s", "number", "request per second"],
    ["{request}", "number", "request"],
    ["1", "number", ""],
    ["", "number", ""],
    ["series", "number", "series"],
    ["percent", "percent", ""],
  ])("reads %j as %s %s", (text, unit, word) => {
    expect(unitOf(text)).toEqual({ unit, word });
  });
});

describe("functionsOf", () => {
  it("begins with what the server takes by itself", () => {
    expect((["counter", "delta", "histogram", "gauge"] as const).map((kind) => functionsOf(kind)[0])).toEqual([
      "rate",
      "rate",
      "quantile",
      "avg",
    ]);
  });
});

describe("titleOf", () => {
  const usual = { promql: null, fn: null, quantile: 0.999, groupBy: [] };

  it("says what is shown of the metric", () => {
    expect(titleOf(usual, "gauge")).toBe("Mean");
    expect(titleOf({ ...usual, groupBy: ["service", "version"] }, "histogram")).toBe("p99.9 by service, version");
    expect(titleOf({ ...usual, fn: "increase" }, "counter")).toBe("Increase per point");
    expect(titleOf({ ...usual, fn: "increase" }, "histogram")).toBe("Observations per point");
    expect(titleOf({ ...usual, promql: "up" }, "unknown")).toBe("Result");
  });
});
