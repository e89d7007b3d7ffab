import type { Attributes, AttributeValue, Decoded, LogRecord } from "../../agent/ports/telemetry.ts";
import { severityOfWord } from "../../agent/text/severity-words.ts";
import { AttributeCollector } from "../http/body/attributes.ts";
import { Batch } from "../http/body/batch.ts";
import { type JsonObject, nanosAsMsAt, textAt } from "../http/body/json.ts";
import { bytesField, fixed64Field, type ProtobufReader, varintField } from "../http/body/protobuf-reader.ts";
import { MOST_NAME, storableName, storableText } from "../http/body/text.ts";
import { type OtlpEncoding, readRecords, type Signal } from "./envelope.ts";
import type { Source } from "./source.ts";
import { anyValueAt, attributesOf, enumAt, hexIdAt, pick } from "./values-json.ts";
import { readAnyValue, readAttribute } from "./values-protobuf.ts";

const MOST_BODY = 32 * 1024;

/** A LogRecord of opentelemetry/proto/logs/v1/logs.proto, whichever way it was written. */
interface WireLog {
  /** 0: not said */
  timeMs: number;
  observedMs: number;
  severity: number;
  severityText: string;
  body: AttributeValue;
  attributes: Attributes;
  traceId: string | null;
  spanId: string | null;
  eventName: string;
}

export interface DecodeLogsOptions {
  encoding: OtlpEncoding;
  /** the time of a record that says none */
  receivedAtMs: number;
  /** records beyond are rejected; 100,000 when not given */
  maxRecords?: number;
}

/**
 * Reads an ExportLogsServiceRequest of OTLP 1. A record whose trace or span id has the wrong length is kept without it.
 * @param body uncompressed
 * @throws INVALID, with the offset or the path, when the body as a whole cannot be read
 */
export function decodeLogs(body: Uint8Array, options: DecodeLogsOptions): Decoded<LogRecord> {
  const batch = new Batch<LogRecord>(options.maxRecords);
  const signal: Signal = {
    fields: {
      resources: ["resourceLogs", "resource_logs"],
      scopes: ["scopeLogs", "scope_logs"],
      records: ["logRecords", "log_records"],
    },
    brokenRecord: "a log record cannot be read",
    fromProtobuf: (reader, source) => {
      if (batch.full()) batch.overflow();
      else batch.keep(logRecord(wireFromProtobuf(reader, source), source, options.receivedAtMs));
    },
    fromJson: (record, source) => {
      if (batch.full()) batch.overflow();
      else batch.keep(logRecord(wireFromJson(record, source), source, options.receivedAtMs));
    },
  };
  readRecords(body, options.encoding, signal, batch);
  return batch.decoded();
}

function wireFromProtobuf(reader: ProtobufReader, source: Source): WireLog {
  const attributes = new AttributeCollector(source.attributes);
  const log = emptyLog(attributes.values);
  while (reader.more()) {
    const tag = reader.tag();
    switch (tag) {
      case fixed64Field(1):
        log.timeMs = reader.nanosAsMs();
        break;
      case varintField(2):
        log.severity = reader.int32();
        break;
      case bytesField(3):
        log.severityText = reader.name(MOST_NAME);
        break;
      case bytesField(5):
        log.body = readAnyValue(reader, MOST_BODY);
        break;
      case bytesField(6):
        readAttribute(reader, attributes);
        break;
      case bytesField(9):
        log.traceId = reader.hexId(16);
        break;
      case bytesField(10):
        log.spanId = reader.hexId(8);
        break;
      case fixed64Field(11):
        log.observedMs = reader.nanosAsMs();
        break;
      case bytesField(12):
        log.eventName = reader.name(MOST_NAME);
        break;
      default:
        reader.skip(tag);
    }
  }
  attributes.finish();
  return log;
}

/** SeverityNumber by name: unspecified, then TRACE, TRACE2, … FATAL4. */
const SEVERITIES = [
  "UNSPECIFIED",
  ...["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"].flatMap((name) => [name, `${name}2`, `${name}3`, `${name}4`]),
];

function wireFromJson(record: JsonObject, source: Source): WireLog {
  return {
    timeMs: nanosAsMsAt(pick(record, "timeUnixNano", "time_unix_nano"), "timeUnixNano"),
    observedMs: nanosAsMsAt(pick(record, "observedTimeUnixNano", "observed_time_unix_nano"), "observedTimeUnixNano"),
    severity: enumAt(pick(record, "severityNumber", "severity_number"), "SEVERITY_NUMBER_", SEVERITIES),
    severityText: textAt(pick(record, "severityText", "severity_text"), "severityText"),
    body: anyValueAt(record.body, MOST_BODY),
    attributes: attributesOf(record, source.attributes),
    traceId: hexIdAt(pick(record, "traceId", "trace_id"), 16),
    spanId: hexIdAt(pick(record, "spanId", "span_id"), 8),
    eventName: storableName(textAt(pick(record, "eventName", "event_name"), "eventName"), MOST_NAME),
  };
}

const emptyLog = (attributes: Attributes): WireLog => ({
  timeMs: 0,
  observedMs: 0,
  severity: 0,
  severityText: "",
  body: null,
  attributes,
  traceId: null,
  spanId: null,
  eventName: "",
});

function logRecord(log: WireLog, source: Source, receivedAtMs: number): LogRecord {
  const { attributes } = log;
  const body = bodyText(log.body, attributes);
  if (log.eventName !== "") attributes["event.name"] = log.eventName;
  const known = log.severity >= 1 && log.severity <= 24;
  return {
    service: source.origin.service,
    environment: source.origin.environment,
    version: source.origin.version,
    instance: source.origin.instance,
    atMs: log.timeMs || log.observedMs || receivedAtMs,
    severity: known ? Math.floor(log.severity) : severityOfWord(log.severityText),
    body: body === "" ? log.eventName : body,
    attributes,
    traceId: log.traceId,
    spanId: log.spanId,
  };
}

/** A structured body is its message, with what else it holds as attributes; without a message it is compact JSON. */
function bodyText(body: AttributeValue, attributes: Attributes): string {
  if (typeof body === "string") return body;
  if (body === null) return "";
  if (typeof body !== "object") return String(body);
  if (!Array.isArray(body)) {
    const key = typeof body.message === "string" ? "message" : "msg";
    const message = body[key];
    if (typeof message === "string") {
      for (const [name, value] of Object.entries(body)) if (name !== key) attributes[name] ??= value;
      return message;
    }
  }
  return storableText(JSON.stringify(body), MOST_BODY);
}
