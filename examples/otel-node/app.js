/**
 * A service of your own that reports to Operate: OpenTelemetry's Node SDK as it comes, nothing of Operate's.
 *
 * 1. Make a token with the role ingest under Settings, Tokens: it sends telemetry and can do nothing else.
 * 2. Three lines say where to, with which token, and under which name:
 *
 *      export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4310/api/ingest
 *      export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20opk_..."
 *      export OTEL_SERVICE_NAME=dice
 *
 * 3. Start it with `node_modules/.bin/node examples/otel-node/app.js`, roll some dice at http://127.0.0.1:8080/roll,
 *    and look at Logs, Metrics and Traces for the service dice. /roll?sides=0 is an error to find.
 *
 * The packages are @opentelemetry/sdk-node, @opentelemetry/api and @opentelemetry/api-logs. Figures are sent once a
 * minute unless OTEL_METRIC_EXPORT_INTERVAL (ms) says otherwise. With OTEL_RESOURCE_ATTRIBUTES, as in
 * `service.version=1.0.0,deployment.environment.name=production`, versions and environments are told apart.
 */
import http from "node:http";
import { context, metrics, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { logs, SeverityNumber } from "@opentelemetry/api-logs";
import { NodeSDK } from "@opentelemetry/sdk-node";

const sdk = new NodeSDK();
sdk.start();

const tracer = trace.getTracer("dice");
const meter = metrics.getMeter("dice");
const log = logs.getLogger("dice");
const rolled = meter.createCounter("dice.rolled", { description: "Dice that were rolled" });
const duration = meter.createHistogram("http.server.request.duration", {
  unit: "s",
  description: "Duration of HTTP server requests",
  advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
});

function roll(sides) {
  return tracer.startActiveSpan("roll", (span) => {
    try {
      if (!(sides >= 1)) throw new RangeError(`a die with ${sides} sides cannot be rolled`);
      const value = 1 + Math.floor(Math.random() * sides);
      span.setAttribute("dice.value", value);
      rolled.add(1, { "dice.sides": sides });
      log.emit({ severityNumber: SeverityNumber.INFO, body: `rolled ${value} with a die of ${sides} sides` });
      return value;
    } finally {
      span.end();
    }
  });
}

/** What a handler does, as a server span that goes on with the caller's trace. */
function served(request, response, route, handler) {
  const startedAt = performance.now();
  const attributes = { "http.request.method": request.method, "http.route": route };
  const options = { kind: SpanKind.SERVER, attributes: { ...attributes, "url.path": route, "url.scheme": "http" } };
  const parent = propagation.extract(context.active(), request.headers);
  tracer.startActiveSpan(`${request.method} ${route}`, options, parent, (span) => {
    let status = 200;
    let answer;
    try {
      answer = handler();
    } catch (error) {
      status = 500;
      answer = { error: error.message };
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      log.emit({ severityNumber: SeverityNumber.ERROR, body: error.message, attributes: { stack: error.stack } });
    }
    span.setAttribute("http.response.status_code", status);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
    duration.record((performance.now() - startedAt) / 1_000, { ...attributes, "http.response.status_code": status });
    span.end();
  });
}

const server = http.createServer((request, response) => {
  const url = new URL(`http://dice${request.url}`);
  if (url.pathname !== "/roll") return response.writeHead(404).end();
  served(request, response, "/roll", () => ({ value: roll(Number(url.searchParams.get("sides") ?? 6)) }));
});
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () =>
  console.log(`Roll dice at http://127.0.0.1:${server.address().port}/roll`),
);

/** What has gathered is sent before the end. */
const stop = () => server.close(() => sdk.shutdown().finally(() => process.exit(0)));
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
