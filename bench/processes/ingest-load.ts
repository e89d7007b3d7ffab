import { Agent, request as httpRequest } from "node:http";
import protobuf from "protobufjs";
import snappyjs from "snappyjs";

/**
 * Sends telemetry to a collector's socket as fast as it is acknowledged. Arguments: socket, `logs` or `samples`,
 * seconds, connections, header that names the sender. Sends what it measured over IPC.
 */
const [, , socketPath = "", kind = "logs", seconds = "60", connections = "8", senderHeader = ""] = process.argv;

const SERVICES = ["gateway", "catalog", "checkout", "payments", "search", "mail", "stock", "users"];
const MESSAGES = [
  (n: number) => `GET /products/${n % 5_000} answered 200 in ${(n % 97) + 1} ms`,
  (n: number) => `payment ch_${n.toString(36)} captured for order ${n}, ${(n % 400) + 1}.${n % 100} EUR`,
  (n: number) => `cache refreshed: ${n % 3_000} entries in ${n % 700} ms`,
  (n: number) => `slow query (${(n % 900) + 500} ms): select * from orders where customer_id = ${n}`,
  (n: number) => `connection from 10.${n % 256}.${(n >> 8) % 256}.7:${(n % 60_000) + 1_024} closed by peer`,
  (n: number) => `user ${n} signed in with session ${(n * 2_654_435_761).toString(16)}`,
  (n: number) => `retry ${(n % 3) + 1} of 3 for message ${n} to queue mails`,
  (n: number) => `rounding error: total is not the sum of its lines, order ${n}`,
];
const LINES_A_REQUEST = 1_000;
const SERIES = 20_000;
const SERIES_A_REQUEST = 2_500;
/** of a series in one request */
const SAMPLES = 2;

const RECORD = protobuf.parse(
  `
  syntax = "proto3";
  message Request { repeated ResourceLogs resource_logs = 1; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeLogs { repeated LogRecord log_records = 2; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { string string_value = 1; }
  message LogRecord { fixed64 time_unix_nano = 1; int32 severity_number = 2; AnyValue body = 5; bytes trace_id = 9; }
  message WriteRequest { repeated TimeSeries timeseries = 1; }
  message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }
`,
  { keepCase: true },
).root;
const LogsRequest = RECORD.lookupType("Request");
const WriteRequest = RECORD.lookupType("WriteRequest");

let sequence = 0;
function logsBody(): Uint8Array {
  const service = SERVICES[sequence % SERVICES.length] ?? "gateway";
  const startMs = Date.now();
  const records = Array.from({ length: LINES_A_REQUEST }, (_, i) => {
    const n = sequence * LINES_A_REQUEST + i;
    const message = MESSAGES[(n * 7) % MESSAGES.length]?.(n) ?? "";
    const nanos = startMs * 1_000_000 + i * 1_000; // to a quarter of a microsecond: nobody looks
    return { time_unix_nano: nanos, severity_number: n % 50 === 0 ? 17 : 9, body: { string_value: message } };
  });
  const attributes = [
    ["service.name", service],
    ["deployment.environment.name", "production"],
    ["service.version", "1.0.0"],
    ["service.instance.id", `${service}-${sequence % 3}`],
  ].map(([key, value]) => ({ key, value: { string_value: value } }));
  sequence++;
  return LogsRequest.encode({
    resource_logs: [{ resource: { attributes }, scope_logs: [{ log_records: records }] }],
  }).finish();
}

const startedMs = Date.now() - 1_800_000;
function samplesBody(): Uint8Array {
  const batches = SERIES / SERIES_A_REQUEST;
  const round = Math.floor(sequence / batches);
  const first = (sequence % batches) * SERIES_A_REQUEST;
  sequence++;
  const timeseries = Array.from({ length: SERIES_A_REQUEST }, (_, i) => {
    const n = first + i;
    const labels = [
      { name: "__name__", value: `http_requests_${n % 20}_total` },
      { name: "instance", value: `10.0.${n % 50}.1:9100` },
      { name: "job", value: SERVICES[n % SERVICES.length] },
      { name: "path", value: `/p${n % 97}` },
      { name: "series", value: String(n) },
    ];
    const samples = Array.from({ length: SAMPLES }, (_, s) => ({
      value: round * 100 + s * 50 + (n % 50),
      timestamp: startedMs + (round * SAMPLES + s) * 500,
    }));
    return { labels, samples };
  });
  return snappyjs.compress(WriteRequest.encode({ timeseries }).finish());
}

const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const target =
  kind === "logs"
    ? { path: "/v1/logs", type: "application/x-protobuf", body: logsBody, records: LINES_A_REQUEST }
    : {
        ...{ path: "/api/v1/write", type: "application/x-protobuf", body: samplesBody },
        records: SERIES_A_REQUEST * SAMPLES,
      };

function send(): Promise<number> {
  const body = target.body();
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": target.type,
      "content-length": String(body.byteLength),
      [senderHeader]: "bench",
      ...(kind === "samples" && { "content-encoding": "snappy" }),
    };
    const outgoing = httpRequest({ socketPath, agent, method: "POST", path: target.path, headers }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

const counts = { acknowledged: 0, later: 0, refused: 0 };
const untilMs = performance.now() + Number(seconds) * 1_000;
const began = performance.now();
await Promise.all(
  Array.from({ length: Number(connections) }, async () => {
    while (performance.now() < untilMs) {
      const status = await send();
      if (status >= 200 && status < 300) counts.acknowledged += target.records;
      else if (status === 429 || status === 503) counts.later++;
      else counts.refused++;
    }
  }),
);
process.send?.({ ...counts, seconds: (performance.now() - began) / 1_000 });
agent.destroy();
