import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuMsOf } from "#server/testing/cpu-time.ts";
import type { LineContext, LineEvent } from "./line-event.ts";
import { parseLine } from "./parse-line.ts";

const context: LineContext = { receivedMs: Date.parse("2026-11-25T10:00:05Z") };
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const at = (clock: string) => Date.parse(`2026-11-25T${clock}Z`);

type Row = [line: string, severity: number, atMs: number | null, body: string, attributes?: LineEvent["attributes"]];
const expectRow = ([line, severity, atMs, body, attributes = {}]: Row) => {
  const event = parseLine(line, context);
  expect({ severity: event.severity, atMs: event.atMs, body: event.body }).toEqual({ severity, atMs, body });
  expect(event.attributes).toEqual(attributes);
};

describe("structured lines", () => {
  it.each<Row>([
    [`{"level":30,"time":${at("10:00:00.123")},"pid":1,"msg":"started"}`, 9, at("10:00:00.123"), "started", { pid: 1 }],
    [
      `{"name":"b","level":60,"msg":"bunyan","time":"2026-11-25T10:00:00Z","v":0}`,
      21,
      at("10:00:00"),
      "bunyan",
      { name: "b", v: 0 },
    ],
    [
      `{"level":"warn","ts":${at("10:00:00.250") / 1_000},"msg":"zap","logger":"cart"}`,
      13,
      at("10:00:00.250"),
      "zap",
      { logger: "cart" },
    ],
    [`{"level":"http","message":"winston","timestamp":"2026-11-25T10:00:00.000Z"}`, 9, at("10:00:00"), "winston"],
    [
      `{"levelname":"CRITICAL","asctime":"2026-11-25 10:00:00,123","message":"python"}`,
      21,
      at("10:00:00.123"),
      "python",
    ],
    [`{"event":"structlog","level":"error","timestamp":"2026-11-25T10:00:00Z"}`, 17, at("10:00:00"), "structlog"],
    [`{"severity":"NOTICE","message":"gcp","time":"2026-11-25T10:00:00.5Z"}`, 10, at("10:00:00.500"), "gcp"],
    [`{"severity":500,"message":"gcp by number"}`, 17, null, "gcp by number"],
    [
      `{"@timestamp":"2026-11-25T10:00:00Z","log":{"level":"error","logger":"a"},"message":"ecs"}`,
      17,
      at("10:00:00"),
      "ecs",
      { log: { level: "error", logger: "a" } },
    ],
    [`{"log.level":"debug","message":"ecs, dotted"}`, 5, null, "ecs, dotted"],
    [`{"severity_text":"WARN","body":"otel","observed":1}`, 13, null, "otel", { observed: 1 }],
    [
      `{"severityNumber":18,"timeUnixNano":"1795600800123456789","body":{"stringValue":"otlp"}}`,
      18,
      at("10:00:00.123") + 0.457,
      "otlp",
      { body: { stringValue: "otlp" } },
    ],
    [`{"@t":"2026-11-25T10:00:00Z","@m":"serilog","@l":"Warning"}`, 13, at("10:00:00"), "serilog"],
    [
      `{"version":"1.1","short_message":"gelf","level":3,"timestamp":${at("10:00:00") / 1_000}}`,
      17,
      at("10:00:00"),
      "gelf",
      { version: "1.1" },
    ],
    [`{"PRIORITY":"4","MESSAGE":"journald"}`, 13, null, "journald"],
    [
      `{"t":{"$date":"2026-11-25T10:00:00.123+00:00"},"s":"I","c":"NETWORK","msg":"mongo"}`,
      9,
      at("10:00:00.123"),
      "mongo",
      { t: { $date: "2026-11-25T10:00:00.123+00:00" }, c: "NETWORK" },
    ],
    [
      `{"log":"10:00:00 ERROR inner\\n","stream":"stderr","time":"2026-11-25T10:00:00.2Z"}`,
      17,
      at("10:00:00"),
      "inner",
      { "log.iostream": "stderr" },
    ],
    [
      `2026-11-25T10:00:00.123456789Z stdout F {"level":"info","msg":"cri"}`,
      9,
      at("10:00:00.123") + 0.456,
      "cri",
      { "log.iostream": "stdout" },
    ],
    [`level=info ts=2026-11-25T10:00:00Z msg="say \\"hi\\"\\tok" n=1`, 9, at("10:00:00"), 'say "hi"\tok', { n: "1" }],
    [
      `time="2026-11-25T10:00:00Z" level=error msg=failed err="a \\u00e9"`,
      17,
      at("10:00:00"),
      "failed",
      { err: "a é" },
    ],
    [`a=1 b=`, 0, null, "a=1 b=", { a: "1", b: "" }],
  ])("%s", (...row) => expectRow(row));

  it("keep what they do not understand, and use the line where there is no message", () => {
    expectRow([
      '{"level":7,"time":"soon","n":1e999}',
      0,
      null,
      '{"level":7,"time":"soon","n":1e999}',
      { level: 7, time: "soon", n: "Infinity" },
    ]);
    expectRow(['{"level":9000,"msg":"x"}', 0, null, "x", { level: 9000 }]);
    expectRow(['{"level":"info" "msg"}', 0, null, '{"level":"info" "msg"}']);
    expectRow(['key="open', 0, null, 'key="open']);
  });

  it.each([
    [`{"msg":"x","trace_id":"${TRACE.toUpperCase()}","span_id":"${SPAN}"}`, TRACE, SPAN],
    [`{"msg":"x","traceId":"${TRACE}","spanId":"${SPAN}"}`, TRACE, SPAN],
    [`{"msg":"x","trace":{"id":"${TRACE}"},"span":{"id":"${SPAN}"}}`, TRACE, SPAN],
    [`{"msg":"x","trace.id":"${TRACE}"}`, TRACE, null],
    [`{"msg":"x","logging.googleapis.com/trace":"projects/p/traces/${TRACE}"}`, TRACE, null],
    [`{"msg":"x","dd.trace_id":"${TRACE}","dd.span_id":"1"}`, TRACE, null],
    [`{"msg":"x","dd":{"trace_id":"1234567890123456789"}}`, null, null],
    [`{"msg":"x","trace_id":"${"0".repeat(32)}","span_id":"zz"}`, null, null],
    [`level=info msg=x trace_id=${TRACE}`, TRACE, null],
  ])("name their trace: %s", (line, traceId, spanId) => {
    expect(parseLine(line, context)).toMatchObject({ traceId, spanId });
  });
});

describe("plain lines", () => {
  it.each<Row>([
    ["2026-11-25T10:00:00Z ERROR broken", 17, at("10:00:00"), "broken"],
    ["2026-11-25 10:00:00,123 - shop.cart - WARNING - low", 13, at("10:00:00.123"), "low", { logger: "shop.cart" }],
    [
      "2026-11-25 10:00:00,123 INFO [main] org.shop.Cart: made",
      9,
      at("10:00:00.123"),
      "made",
      { "thread.name": "main", logger: "org.shop.Cart" },
    ],
    [
      "2026-11-25 10:00:00,123 - WARN  [Q[myid=1]/0:0:2181@774] - Time out: 3200",
      13,
      at("10:00:00.123"),
      "Time out: 3200",
      { "thread.name": "Q[myid=1]/0:0:2181@774" },
    ],
    [
      "2026-11-25 10:00:00.123  INFO 12 --- [exec-1] c.e.Cart     : added",
      9,
      at("10:00:00.123"),
      "added",
      { "process.pid": 12, "thread.name": "exec-1", logger: "c.e.Cart" },
    ],
    [
      "10:00:00.123 [main] DEBUG com.foo.Bar - hello - you",
      5,
      at("10:00:00.123"),
      "hello - you",
      { "thread.name": "main", logger: "com.foo.Bar" },
    ],
    [
      '2026-11-25 10:00:00.123 UTC [123] a@db ERROR:  relation "x"',
      17,
      at("10:00:00.123"),
      'relation "x"',
      { "process.pid": 123, "user.name": "a@db" },
    ],
    ["[2026-11-25T10:00:00Z WARN  shop::cart] env_logger", 13, at("10:00:00"), "env_logger", { logger: "shop::cart" }],
    ["2026-11-25T10:00:00Z\tinfo\tcart/x.go:10\tzap", 9, at("10:00:00"), "zap", { logger: "cart/x.go:10" }],
    ["[10:00:00 WRN] serilog", 13, at("10:00:00"), "serilog"],
    ["2026-11-25 10:00:00.1 | SUCCESS | loguru", 0, at("10:00:00.100"), "SUCCESS | loguru"],
    [
      "081109 203615 148 INFO dfs.DataNode: hdfs",
      9,
      Date.parse("2008-11-09T20:36:15Z"),
      "hdfs",
      { "process.pid": 148, logger: "dfs.DataNode" },
    ],
    [
      "17/06/09 20:10:40 INFO a.b.Spark: spark",
      9,
      Date.parse("2017-06-09T20:10:40Z"),
      "spark",
      { logger: "a.b.Spark" },
    ],
    [
      "Nov 25 10:00:00 host prog[12]: ERROR: inner",
      17,
      at("10:00:00"),
      "inner",
      { "host.name": "host", program: "prog", "process.pid": 12 },
    ],
    [
      "<34>Oct 11 22:14:15 box su: 'su root' failed",
      18,
      Date.parse("2026-10-11T22:14:15Z"),
      "'su root' failed",
      { "host.name": "box", program: "su" },
    ],
    [
      '<165>1 2026-11-25T10:00:00.003Z box app 12 - [x@1 a="b]c"] five',
      10,
      at("10:00:00.003"),
      "five",
      { "host.name": "box", program: "app", "process.pid": 12 },
    ],
    [
      "[Wed Nov 25 10:00:00.123456 2026] [core:crit] [pid 3:tid 4] [client 1.2.3.4:5] apache",
      18,
      at("10:00:00.123") + 0.456,
      "apache",
      { logger: "core", "process.pid": 3, "client.address": "1.2.3.4:5" },
    ],
    [
      '1.2.3.4 - bob [25/Nov/2026:15:45:00 +0545] "GET /a?b=1 HTTP/1.1" 502 12 "-" "curl"',
      17,
      at("10:00:00"),
      '"GET /a?b=1 HTTP/1.1" 502 12 "-" "curl"',
      {
        "client.address": "1.2.3.4",
        "user.name": "bob",
        "http.request.method": "GET",
        "url.path": "/a",
        "http.response.status_code": 502,
        "http.response.body.size": 12,
      },
    ],
    [
      '1.2.3.4 - - [25/Nov/2026:10:00:00 +0000] "\\x16\\x03" 400 -',
      13,
      at("10:00:00"),
      '"\\x16\\x03" 400 -',
      { "client.address": "1.2.3.4", "http.response.status_code": 400 },
    ],
    [
      "2026/11/25 10:00:00 [alert] 123#7: *9 nginx",
      19,
      at("10:00:00"),
      "nginx",
      { "process.pid": 123, "thread.id": 7 },
    ],
    [
      "W1125 10:00:00.000001   12 a.go:10] klog",
      13,
      at("10:00:00") + 0.001,
      "klog",
      { "thread.id": 12, "code.file.path": "a.go", "code.line.number": 10 },
    ],
    ["1:M 25 Nov 2026 10:00:00.123 # redis", 13, at("10:00:00.123"), "redis", { "process.pid": 1 }],
    [
      "E, [2026-11-25T10:00:00.123456 #12] ERROR -- api: ruby",
      17,
      at("10:00:00.123") + 0.456,
      "ruby",
      { "process.pid": 12, program: "api" },
    ],
    ["ERROR:shop.cart:python", 17, null, "python", { logger: "shop.cart" }],
    ["fail: Shop.Cart[7]\n      dotnet", 17, null, "dotnet", { logger: "Shop.Cart" }],
    ["[error] x", 17, null, "x"],
    ["ERROR: x", 17, null, "x"],
    ["warning: x", 13, null, "x"],
    ["2026-11-25T10:00:00.123+05:45 x", 0, at("04:15:00.123"), "x"],
  ])("%s", (...row) => expectRow(row));

  it.each([
    ["Error: boom", 17],
    ["com.shop.CartException: boom\n\tat com.shop.Cart.add(Cart.java:1)", 17],
    ["thread 'main' panicked at src/main.rs:2:5:\nboom", 17],
    ["panic: boom\n\ngoroutine 1 [running]:", 21],
    ["/app/a.js:1\nthrow new Error()\n^\n\nError\n    at a.js:1:7", 17],
    ["Traceback (most recent call last):\n  File", 17],
    ["(node:1) [DEP0040] DeprecationWarning: x", 13],
    ["Note: fine weather", 0],
    ["error in line 3 is gone", 0],
    ["INFOrmation desk", 0],
    ["Listening on 80", 0],
  ])("are whole where nothing stands before the message: %s", (line, severity) => {
    expect(parseLine(line, context)).toMatchObject({ body: line, severity, atMs: null });
  });

  it("keep a bracket or a word that belongs to the message", () => {
    expectRow(["2026-11-25 10:00:00 INFO [req-5] hello", 9, at("10:00:00"), "[req-5] hello"]);
    expectRow(["2026-11-25 10:00:00 [WARN] cart: slow", 13, at("10:00:00"), "cart: slow"]);
    expectRow(["2026-11-25 10:00:00 error rates are down", 0, at("10:00:00"), "error rates are down"]);
  });

  it("read a time without a zone in the zone that was said, and disbelieve one ahead of now", () => {
    const nepal = { ...context, offsetMinutes: 345 };
    expect(parseLine("2026-11-25 15:45:00 INFO x", nepal).atMs).toBe(at("10:00:00"));
    expect(parseLine("2026-11-25 15:45:00 INFO x", context)).toMatchObject({ atMs: null, body: "x", severity: 9 });
    expect(parseLine("15:45:00 INFO x", nepal).atMs).toBe(at("10:00:00"));
    expect(parseLine("2026-13-45 10:00:00 INFO x", context).atMs).toBeNull();
  });

  it("put a time without a year or a day beside the moment they came in", () => {
    const newYear = { receivedMs: Date.parse("2027-01-01T00:00:01Z") };
    expect(parseLine("Dec 31 23:59:59 box a: x", newYear).atMs).toBe(Date.parse("2026-12-31T23:59:59Z"));
    expect(parseLine("Dec 10 06:55:46 box a: x", context).atMs).toBe(Date.parse("2025-12-10T06:55:46Z"));
    expect(parseLine("Nov 25 15:45:00 box a: x", context)).toMatchObject({ atMs: null, body: "x" });
    expect(parseLine("23:59:59 INFO x", newYear).atMs).toBe(Date.parse("2026-12-31T23:59:59Z"));
  });
});

describe("hostile lines", () => {
  const hidden = String.fromCharCode(27);

  it("lose colours, NUL bytes and halves of surrogates, in fields too", () => {
    expectRow([`${hidden}[31mERROR${hidden}[0m: red`, 17, null, "red"]);
    expectRow(["a\0b\uD800c", 0, null, "a\uFFFDb\uFFFDc"]);
    expectRow([
      `{"msg":"\\u0000\\ud800\\u001b[1mx","k\\u0000":"\\u0000"}`,
      ...([0, null, "\uFFFD\uFFFDx", { "k\uFFFD": "\uFFFD" }] as const),
    ]);
  });

  it("are cut to 32 KiB and say so", () => {
    for (const letter of ["x", "é", "漢", "😀"]) {
      const { body, attributes } = parseLine(`ERROR ${letter.repeat(400_000)}`, context);
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(32 * 1024 + 3);
      expect(Buffer.byteLength(body)).toBeGreaterThan(32 * 1024 - 4);
      expect(body.endsWith(`${letter}…`)).toBe(true);
      expect(attributes).toEqual({ "operate.truncated_from": 400_000 * letter.length });
    }
  });

  it("bound fields in depth, number and size", () => {
    const deep = `{"msg":"x","a":${'{"b":'.repeat(100_000)}1${"}".repeat(100_000)}}`;
    expect(parseLine(deep, context)).toMatchObject({ body: "x", attributes: { "operate.dropped_attributes": 1 } });
    const wide = JSON.stringify({
      msg: "x",
      ...Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i])),
    });
    const kept = parseLine(wide, context).attributes;
    expect(Object.keys(kept)).toHaveLength(129);
    expect(kept["operate.dropped_attributes"]).toBe(372);
    const long = parseLine(JSON.stringify({ msg: "x", list: Array(1_000).fill("y".repeat(10_000)) }), context);
    expect(JSON.stringify(long.attributes).length).toBeLessThan(40_000);
  });

  it("cannot reach a prototype", () => {
    const { attributes } = parseLine('{"msg":"x","__proto__":{"a":1},"constructor":{"prototype":{"b":2}}}', context);
    expect(Object.getPrototypeOf(attributes)).toBe(Object.prototype);
    expect(Object.hasOwn(attributes, "__proto__")).toBe(false);
    expect(({} as { b?: number }).b).toBeUndefined();
    expect(parseLine("__proto__=1 constructor=2", context).attributes).toEqual({ constructor: "2" });
  });

  const pieces = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.constantFrom(
      "2026-11-25 10:00:00",
      "ERROR",
      "[",
      "]",
      ": ",
      " - ",
      '{"msg":',
      '"',
      "}",
      "<34>",
      "=",
      "\\",
      "\n",
      "\0",
    ),
    fc.json(),
  );
  it("never throw, never lose the message, and leave nothing that cannot be stored", () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const line = parts.join("");
        const event = parseLine(line, context);
        const text = JSON.stringify([event.body, event.attributes]);
        expect(event.severity).toBeGreaterThanOrEqual(0);
        expect(event.severity).toBeLessThanOrEqual(24);
        expect(event.atMs === null || Number.isFinite(event.atMs)).toBe(true);
        expect(text.isWellFormed() && !text.includes("\\u0000")).toBe(true);
        if (/[^\s\0]/.test(line) && !line.includes(hidden)) expect(event.body).not.toBe("");
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["blanks", " ".repeat(1_000_000)],
    ["brackets", "[".repeat(1_000_000)],
    ["pairs", 'a="'.repeat(300_000)],
    ["backslashes", `level=info msg="${"\\".repeat(1_000_000)}`],
    ["braces", `{${"[".repeat(1_000_000)}}`],
    ["digits", `2026-11-25 10:00:00 ${"1".repeat(1_000_000)}`],
    ["a path", `${"a.".repeat(500_000)}Exceptio`],
    ["an access log", `${"a ".repeat(500_000)}[25/Nov/2026`],
    ["structured data", `<1>1 2026-11-25T10:00:00Z a b c d ${'[a="'.repeat(250_000)}`],
  ])("of a million characters take no longer than their length asks for: %s", (_, line) => {
    expect(cpuMsOf(() => parseLine(line, context))).toBeLessThan(250);
  });
});
