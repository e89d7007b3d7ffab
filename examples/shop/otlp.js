/**
 * Sends batches as OTLP/HTTP JSON to where the standard variables of OpenTelemetry say: OTEL_EXPORTER_OTLP_ENDPOINT and
 * _HEADERS, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES. Without an endpoint nothing is kept and nothing is sent. What
 * cannot be delivered is dropped in the end: telemetry never slows or breaks a request.
 */

const {
  OTEL_EXPORTER_OTLP_ENDPOINT = "",
  OTEL_EXPORTER_OTLP_HEADERS = "",
  OTEL_RESOURCE_ATTRIBUTES = "",
  OTEL_SERVICE_NAME,
  OTEL_SDK_DISABLED,
  SERVICE_NAME = "shop",
  SERVICE_VERSION = "dev",
} = process.env;

export const exporting = URL.canParse(OTEL_EXPORTER_OTLP_ENDPOINT) && OTEL_SDK_DISABLED !== "true";

const MOST_SPANS = 2_048;
const EVERY_MS = 1_500;
const TIMEOUT_MS = 3_000;
const LONGEST_PAUSE_MS = 30_000;
const COME_AGAIN = new Set([429, 502, 503, 504]);

/** `a=b,c=d` with values in percent encoding, as OpenTelemetry writes lists in variables. */
const pairs = (list) =>
  Object.fromEntries(
    list.split(",").flatMap((pair) => {
      const at = pair.indexOf("=");
      return at < 1 ? [] : [[pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())]];
    }),
  );

function decoded(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // a lone percent sign
  }
}

const anyValue = (value) => {
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return typeof value === "boolean" ? { boolValue: value } : { stringValue: String(value) };
};
export const attributesOf = (record) => Object.entries(record).map(([key, value]) => ({ key, value: anyValue(value) }));

const resource = {
  attributes: attributesOf({
    "service.version": SERVICE_VERSION,
    ...pairs(OTEL_RESOURCE_ATTRIBUTES),
    "service.name": OTEL_SERVICE_NAME ?? SERVICE_NAME,
  }),
};
const scope = { name: "shop" };

const headers = { ...pairs(OTEL_EXPORTER_OTLP_HEADERS), "content-type": "application/json" };
// not imported: TLS takes 3 MB, and service.js says what an import of node:http takes
const transport = process.getBuiltinModule(
  OTEL_EXPORTER_OTLP_ENDPOINT.startsWith("https:") ? "node:https" : "node:http",
);
const agent = new transport.Agent({ keepAlive: true, maxSockets: 2 });

const NO_ANSWER = { status: 0, pauseMs: 0 };

/** The status of the answer and the pause it asks for. */
function post(path, body) {
  const answered = new Promise((resolve) => {
    const url = OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/$/, "") + path;
    const options = { method: "POST", agent, headers, timeout: TIMEOUT_MS };
    const request = transport.request(url, options, (response) => {
      response.resume();
      const answer = { status: response.statusCode, pauseMs: Number(response.headers["retry-after"] ?? 0) * 1_000 };
      response.on("close", () => resolve(answer));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(NO_ANSWER));
    request.end(JSON.stringify(body));
  });
  return answered.catch(() => NO_ANSWER); // a header that cannot be sent
}

let spans = [];
let failures = 0;
let quietUntil = 0;
let sending;

/** Keeps a finished span for the next batch; beyond the bound it is dropped. */
export function enqueue(span) {
  if (exporting && spans.length < MOST_SPANS) spans.push(span);
}

async function sendSpans() {
  if (spans.length === 0 || Date.now() < quietUntil) return;
  const batch = spans;
  spans = [];
  const { status, pauseMs } = await post("/v1/traces", {
    resourceSpans: [{ resource, scopeSpans: [{ scope, spans: batch }] }],
  });
  if (status > 0 && !COME_AGAIN.has(status)) {
    failures = 0;
    return;
  }
  spans = batch.concat(spans).slice(0, MOST_SPANS);
  quietUntil = Date.now() + (pauseMs || Math.min(LONGEST_PAUSE_MS, EVERY_MS * 2 ** failures++));
}

/** Figures are totals since the start, so a batch that is lost is made up for by the next. */
export async function sendMetrics(metrics) {
  if (!exporting || Date.now() < quietUntil) return;
  await post("/v1/metrics", { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] });
}

/** Sends what is there, one batch at a time. */
export async function sendNow() {
  sending ??= sendSpans().finally(() => {
    sending = undefined;
  });
  await sending;
}

if (exporting) setInterval(sendNow, EVERY_MS).unref();
