import { AsyncLocalStorage } from "node:async_hooks";
import { attributesOf, enqueue, exporting, sendMetrics, sendNow } from "./otlp.js";

/** Traces and metrics of a service, by OpenTelemetry's conventions; otlp.js sends them. */

const METRICS_EVERY_MS = 10_000;
const LONGEST_FLUSH_MS = 500;
const KINDS = { internal: 1, server: 2, client: 3 };
/** seconds, as the conventions advise for HTTP */
const DURATION_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const active = new AsyncLocalStorage();
const nanos = (ms) => `${Math.round(ms * 1_000)}000`;
const nowNanos = () => nanos(performance.timeOrigin + performance.now());
const startedAt = nowNanos();

/** So many random bytes in hex. Ids of traces are no secret: they need no node:crypto, which takes 1.5 MB. */
const randomId = (bytes) =>
  Array.from({ length: bytes }, () =>
    Math.floor(Math.random() * 256)
      .toString(16)
      .padStart(2, "0"),
  ).join("");

/** The span in whose name the present code runs; undefined outside of requests. */
export const activeSpan = () => active.getStore();

/** The caller's span out of a `traceparent` header (W3C Trace Context); undefined when there is none to read. */
export function parentOf(header = "") {
  const [, traceId, spanId, flags] = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-|$)/.exec(header) ?? [];
  if (traceId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** What a called service needs to go on with the trace. */
export const traceparent = ({ traceId, spanId, sampled }) => `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;

/**
 * Runs `work(span)` as a span: `span.set({…})` adds attributes, what it throws makes it failed, and so does
 * `span.fail(message)`. A trace that its caller did not sample is passed on and not recorded.
 */
export async function inSpan(name, { kind = "internal", attributes = {}, parent = activeSpan() }, work) {
  const traceId = parent?.traceId ?? randomId(16);
  const record = { ...attributes };
  const started = nowNanos();
  const events = [];
  let status = {};
  const span = {
    ...{ traceId, spanId: randomId(8), sampled: parent?.sampled ?? true },
    set: (more) => Object.assign(record, more),
    fail(message, error) {
      status = { code: 2, message };
      record["error.type"] ??= error?.name ?? message;
      if (error) events.push({ timeUnixNano: nowNanos(), name: "exception", attributes: exceptionOf(error) });
    },
  };
  try {
    return await active.run(span, () => work(span));
  } catch (error) {
    if (status.code !== 2) span.fail(error.message, error);
    throw error;
  } finally {
    if (span.sampled)
      enqueue({
        ...{ traceId, spanId: span.spanId, parentSpanId: parent?.spanId, name, kind: KINDS[kind], flags: 1 },
        ...{
          startTimeUnixNano: started,
          endTimeUnixNano: nowNanos(),
          attributes: attributesOf(record),
          events,
          status,
        },
      });
  }
}

const exceptionOf = (error) =>
  attributesOf({
    "exception.type": error.name,
    "exception.message": error.message,
    "exception.stacktrace": error.stack,
  });

const instruments = [];
const point = (attributes, more) => ({
  attributes: attributesOf(attributes),
  startTimeUnixNano: startedAt,
  timeUnixNano: nowNanos(),
  ...more,
});
const CUMULATIVE = 2;

/** A total that only grows: `add(value, attributes)`. */
export function counter(name, unit, description) {
  const totals = new Map();
  instruments.push(() => ({
    ...{ name, unit, description },
    sum: {
      aggregationTemporality: CUMULATIVE,
      isMonotonic: true,
      dataPoints: [...totals.values()].map(({ attributes, total }) => point(attributes, { asDouble: total })),
    },
  }));
  return {
    add(value, attributes = {}) {
      const key = JSON.stringify(attributes);
      const entry = totals.get(key) ?? { attributes, total: 0 };
      entry.total += value;
      totals.set(key, entry);
    },
  };
}

/** Durations in seconds: `record(seconds, attributes)`. */
export function durations(name, description) {
  const entries = new Map();
  instruments.push(() => ({
    ...{ name, unit: "s", description },
    histogram: {
      aggregationTemporality: CUMULATIVE,
      dataPoints: [...entries.values()].map(({ attributes, sum, buckets }) =>
        point(attributes, {
          count: String(buckets.reduce((a, b) => a + b)),
          sum,
          bucketCounts: buckets.map(String),
          explicitBounds: DURATION_BOUNDS,
        }),
      ),
    },
  }));
  return {
    record(seconds, attributes = {}) {
      const key = JSON.stringify(attributes);
      const entry = entries.get(key) ?? { attributes, sum: 0, buckets: [...DURATION_BOUNDS, 0].fill(0) };
      const at = DURATION_BOUNDS.findIndex((bound) => seconds <= bound);
      entry.buckets[at < 0 ? DURATION_BOUNDS.length : at]++;
      entry.sum += seconds;
      entries.set(key, entry);
    },
  };
}

/** A value that is read when figures are sent. */
function observed(name, unit, description, read, isMonotonic = false) {
  instruments.push(() => ({
    ...{ name, unit, description },
    sum: { aggregationTemporality: CUMULATIVE, isMonotonic, dataPoints: read() },
  }));
}

observed(
  "process.cpu.time",
  "s",
  "CPU time",
  () => {
    const { user, system } = process.cpuUsage();
    return Object.entries({ user, system }).map(([mode, micros]) =>
      point({ "cpu.mode": mode }, { asDouble: micros / 1e6 }),
    );
  },
  true,
);
observed("process.memory.usage", "By", "Resident memory", () => [
  point({}, { asInt: String(process.memoryUsage.rss()) }),
]);

const sendFigures = () => sendMetrics(instruments.map((read) => read()));
if (exporting) setInterval(sendFigures, METRICS_EVERY_MS).unref();

/** Sends what has gathered, at the end of the process; gives up after half a second. */
export async function flush() {
  if (!exporting) return;
  const late = new Promise((resolve) => setTimeout(resolve, LONGEST_FLUSH_MS).unref());
  await Promise.race([Promise.all([sendNow(), sendFigures()]), late]);
}
