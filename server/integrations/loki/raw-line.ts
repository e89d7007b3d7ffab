import type { Attributes, Origin, RawLine } from "../../agent/ports/telemetry.ts";
import { severityOfWord } from "../../agent/text/severity-words.ts";
import { AttributeCollector, attributeName, MOST_VALUE } from "../http/body/attributes.ts";
import { storableName, storableText } from "../http/body/text.ts";

/** Loki's own limit, `max_line_size` */
export const MOST_LINE = 256 * 1024;
const MOST_ORIGIN = 200;

/** Labels that name the origin, the first that is there. What agents call `namespace` is no environment. */
const ORIGIN_LABELS: Record<keyof Origin, readonly string[]> = {
  service: ["service_name", "service", "app", "job", "container"],
  environment: ["environment", "env", "deployment_environment"],
  version: ["version", "service_version"],
  instance: ["instance", "pod", "host"],
};
const LEVEL_LABELS = ["detected_level", "level"];

/** What the lines of one stream share. */
export interface Stream {
  origin: Origin;
  severity: number;
  attributes: Attributes;
}

export function streamOf(pairs: Iterable<readonly [string, string]>): Stream {
  const labels = new Map(pairs);
  const used = new Set<string>();
  const first = (names: readonly string[]): string => {
    const name = names.find((candidate) => labels.get(candidate));
    if (name === undefined) return "";
    used.add(name);
    return storableName(labels.get(name) ?? "", MOST_ORIGIN);
  };
  const origin = {
    service: first(ORIGIN_LABELS.service) || "unknown_service",
    environment: first(ORIGIN_LABELS.environment),
    version: first(ORIGIN_LABELS.version),
    instance: first(ORIGIN_LABELS.instance),
  };
  const attributes = new AttributeCollector();
  for (const [name, value] of labels)
    if (!used.has(name) && !LEVEL_LABELS.includes(name))
      attributes.set(attributeName(name), storableText(value, MOST_VALUE));
  return { origin, severity: severityIn(labels), attributes: attributes.finish() };
}

function severityIn(labels: ReadonlyMap<string, string>): number {
  for (const name of LEVEL_LABELS) {
    const severity = severityOfWord(labels.get(name) ?? "");
    if (severity > 0) return severity;
  }
  return 0;
}

/** @param metadata structured metadata: as labels, but of one line; ids of a trace are taken from it */
export function rawLine(
  stream: Stream,
  atMs: number,
  text: string,
  metadata: Iterable<readonly [string, string]>,
): RawLine {
  const attributes = new AttributeCollector(stream.attributes);
  const line: RawLine = {
    service: stream.origin.service,
    environment: stream.origin.environment,
    version: stream.origin.version,
    instance: stream.origin.instance,
    atMs,
    text,
    severity: stream.severity,
    attributes: attributes.values,
    traceId: null,
    spanId: null,
  };
  for (const [name, value] of metadata) {
    if (TRACE_ID.test(value) && isTraceName(name)) line.traceId = value.toLowerCase();
    else if (SPAN_ID.test(value) && isSpanName(name)) line.spanId = value.toLowerCase();
    else if (LEVEL_LABELS.includes(name)) line.severity = severityOfWord(value) || line.severity;
    else attributes.set(attributeName(name), storableText(value, MOST_VALUE));
  }
  attributes.finish();
  return line;
}

/** hexadecimal, and not all zero */
const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/i;
const SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/i;
const isTraceName = (name: string): boolean => name === "trace_id" || name === "traceID" || name === "traceId";
const isSpanName = (name: string): boolean => name === "span_id" || name === "spanID" || name === "spanId";
