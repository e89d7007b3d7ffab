import { Counter, Gauge, Histogram, Registry, Summary } from "prom-client";
import { describe, expect, it } from "vitest";
import { tryDamaged, tryRandomBytes, tryTruncated } from "../../testing/telemetry/hostile-bodies.ts";
import { parseExposition } from "./exposition.ts";

const AT = 1_772_366_400_000;
const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const parse = (text: string, contentType: string | undefined = TEXT, targetLabels: Record<string, string> = {}) =>
  parseExposition(Buffer.from(text), { contentType, targetLabels, scrapedAtMs: AT });

/** What an application shows that uses the library most Node services use. */
async function shown(contentType: "text/plain; version=0.0.4; charset=utf-8" | typeof OPEN_METRICS) {
  const registry = new Registry();
  registry.setContentType(contentType as never);
  const registers = [registry];
  new Counter({ name: "http_requests_total", help: "Requests,\nall.", labelNames: ["path"], registers })
    .labels({ path: 'C:\\dir "x"\nend' })
    .inc(1027);
  new Gauge({ name: "temperature_celsius", help: "Now.", registers }).set(-2.5e-3);
  const latency = new Histogram({ name: "latency_seconds", help: "Took.", buckets: [0.1, 1], registers });
  for (const value of [0.05, 0.5, 5]) latency.observe(value);
  new Summary({ name: "size_bytes", help: "Sizes.", percentiles: [0.5], registers }).observe(7);
  return registry.metrics();
}

describe("what prom-client shows", () => {
  it.each([
    ["text format", TEXT],
    ["OpenMetrics", OPEN_METRICS],
  ] as const)("is read from its %s", async (_, contentType) => {
    const { records, rejected } = parse(await shown(contentType), contentType);
    expect(rejected).toEqual([]);
    expect(
      records.map(({ name, labels, kind, values, timesMs }) => [name, labels, kind, values[0], timesMs[0]]),
    ).toEqual([
      ["http_requests_total", { path: 'C:\\dir "x"\nend' }, "counter", 1027, AT],
      ["temperature_celsius", {}, "gauge", -0.0025, AT],
      ["latency_seconds_bucket", { le: "0.1" }, "counter", 1, AT],
      ["latency_seconds_bucket", { le: "1" }, "counter", 2, AT],
      ["latency_seconds_bucket", { le: "+Inf" }, "counter", 3, AT],
      ["latency_seconds_sum", {}, "counter", 5.55, AT],
      ["latency_seconds_count", {}, "counter", 3, AT],
      ["size_bytes", { quantile: "0.5" }, "gauge", 7, AT],
      ["size_bytes_sum", {}, "counter", 7, AT],
      ["size_bytes_count", {}, "counter", 1, AT],
    ]);
    const helps = new Set(records.map(({ name, help }) => `${name.replace(/_(bucket|sum|count)$/, "")}: ${help}`));
    expect([...helps]).toEqual([
      "http_requests_total: Requests,\nall.",
      "temperature_celsius: Now.",
      "latency_seconds: Took.",
      "size_bytes: Sizes.",
    ]);
  });
});

describe("what is said of a family", () => {
  it.each([
    ["# HELP g Of two  words, \\\\ and \\n.", "Of two  words, \\ and \n."],
    ["#\tHELP\tg\tTabs.\r", "Tabs."],
    ["# HELP g", undefined],
    ["# HELP other Nothing of g.", undefined],
    ["# Help g A comment.", undefined],
    ["# HELP g a\0b", "a\ufffdb"],
    [`# HELP g ${"x".repeat(100_000)}`, `${"x".repeat(499)}…`],
  ])("%j", (line, help) => {
    const { records, rejected } = parse(`${line}\n# TYPE g gauge \n# UNIT g seconds\ng 1\n`);
    expect(rejected).toEqual([]);
    expect(records.map((series) => [series.kind, series.unit, series.help])).toEqual([["gauge", "seconds", help]]);
  });
});

describe("a line", () => {
  it.each<[string, Record<string, string>, number, number]>([
    ["metric 12.47", {}, 12.47, AT],
    ["  metric\t1\t1395066363000  ", {}, 1, 1_395_066_363_000],
    ["metric 1 -3982045\r", {}, 1, -3_982_045],
    ["metric{} +1.5e+3", {}, 1500, AT],
    ['metric{a="1",b="2",} .5', { a: "1", b: "2" }, 0.5, AT],
    ['metric { a = "1" , b="}" }7.', { a: "1", b: "}" }, 7, AT],
    ['metric{a="\\\\\\"\\n\\t",empty=""} 1', { a: '\\"\n\\t' }, 1, AT],
    ['metric{a="ü"} 1 # {trace_id="x"} 0.5', { a: "ü" }, 1, AT],
  ])("%j is read", (line, labels, value, timeMs) => {
    const { records, rejected } = parse(`${line}\n`);
    expect(rejected).toEqual([]);
    expect(records).toMatchObject([{ name: "metric", values: [value], timesMs: [timeMs] }]);
    expect(records[0]?.labels).toEqual(labels);
  });

  it.each([
    ["1metric 1", "it does not begin with the name of a metric"],
    ["metric", "a blank is expected after the name"],
    ["metric{a} 1", "= is expected at column 9"],
    ["metric{a=1} 1", "a quote is expected at column 10"],
    ['metric{a="1} 1', "the quote at column 10 is not closed"],
    ['metric{a="1" b="2"} 1', "a comma or a brace is expected at column 14"],
    ['metric{a="1",a="2"} 1', "it has the label a twice"],
    ['metric{0="1"} 1', "the name of a label is expected at column 8"],
    ["metric one", "the value is no number"],
    [`${"m".repeat(256)} 1`, "the name is longer than 255 characters"],
    ["metric 0x10", "the value is no number"],
    ["metric 1_000", "the value is no number"],
    ["metric 1 noon", "the timestamp is no number"],
    ["metric 1 2 3", "something stands after the timestamp"],
  ])("%j is rejected with its number, and the others are kept", (line, reason) => {
    const { records, rejected } = parse(`before 1\n\n${line}\nafter 2`);
    expect(records.map(({ name }) => name)).toEqual(["before", "after"]);
    expect(rejected).toEqual([
      {
        reason: "a line cannot be read",
        count: 1,
        example: expect.stringContaining(`line 3: ${reason}: ${line.slice(0, 100)}`),
      },
    ]);
  });

  it("that is infinite is rejected, and NaN is passed over", () => {
    const { records, rejected } = parse('g NaN\ng +Inf\ns{quantile="0.5"} NaN\ns_count 0\n');
    expect(records.map(({ name }) => name)).toEqual(["s_count"]);
    expect(rejected).toMatchObject([{ count: 1, reason: "a value is infinite" }]);
  });
});

describe("kinds", () => {
  it("are those of the families, and of names where there is none", () => {
    const { records } = parse(
      [
        "# TYPE jobs gauge\n# TYPE jobs_total gauge\njobs_total 1",
        "# TYPE ticks counter\n# UNIT ticks seconds\nticks_total 2",
        '# TYPE backlog gaugehistogram\nbacklog_bucket{le="1"} 3\nbacklog_gcount 4',
        '# TYPE build info\nbuild_info{version="1"} 1',
        '# TYPE door stateset\ndoor{door="open"} 1',
        "# TYPE odd untyped\nodd_total 5\n# a comment\n# EOF",
      ].join("\n"),
      OPEN_METRICS,
    );
    expect(records.map(({ name, kind, unit }) => `${name} ${kind} ${unit}`.trim())).toEqual([
      "jobs_total gauge",
      "ticks_total counter seconds",
      "backlog_bucket gauge",
      "backlog_gcount gauge",
      "build_info gauge",
      "door gauge",
      "odd_total counter",
    ]);
  });
});

describe("labels of the target", () => {
  it("win over those of the sample, which are kept under another name", () => {
    const target = { job: "api", instance: "10.0.0.1:80", service: "cart" };
    const { records } = parse('m{job="own",exported_job="older",instance="",path="/"} 1', TEXT, target);
    expect(records[0]?.labels).toEqual({ ...target, exported_exported_job: "own", exported_job: "older", path: "/" });
  });
});

describe("OpenMetrics", () => {
  it("says seconds in its timestamps", () => {
    expect(parse("m 1 1395066363.5\n# EOF\n", OPEN_METRICS).records[0]?.timesMs).toEqual([1_395_066_363_500]);
  });

  it("without its end is refused, as it was cut", () => {
    expect(() => parse("m 1\n", OPEN_METRICS)).toThrow("# EOF");
  });

  it("has nothing after its end", () => {
    const { records, rejected } = parse("m 1\n# EOF\nn 2\n", OPEN_METRICS);
    expect(records).toHaveLength(1);
    expect(rejected).toMatchObject([{ reason: "a line stands after # EOF", example: "line 3: n 2" }]);
  });
});

it.each(["text/html; charset=utf-8", "application/vnd.google.protobuf"])("%s is no exposition", (contentType) => {
  expect(() => parse("<html>", contentType)).toThrow("Give the path of its metrics");
});

it("without a content type is the text format", () => {
  expect(parse("m 1", undefined).records).toHaveLength(1);
});

it("is kept up to its limit of samples", () => {
  const body = Buffer.from("m 1\n".repeat(50));
  const options = { contentType: TEXT, targetLabels: {}, scrapedAtMs: AT, maxRecords: 20 };
  const { records, rejected } = parseExposition(body, options);
  expect(records).toHaveLength(20);
  expect(rejected).toMatchObject([{ count: 30 }]);
});

it("that is damaged does no harm", async () => {
  for (const contentType of [TEXT, OPEN_METRICS] as const) {
    const body = Buffer.from(await shown(contentType));
    const decode = (bytes: Uint8Array) =>
      parseExposition(bytes, { contentType, targetLabels: { job: "a" }, scrapedAtMs: AT });
    tryRandomBytes(decode);
    tryTruncated(decode, body);
    tryDamaged(decode, body);
  }
});
