import { createHash } from "node:crypto";
import type { LineOrigin, LogLineRecord } from "../../agent/ports/log-source.ts";
import { type Attributes, type LogLevel, levelOfSeverity } from "../../agent/ports/telemetry.ts";
import { severityOfWord } from "../../agent/text/severity-words.ts";
import type { LokiLine, LokiMatrix } from "./client.ts";
import { type LabelNames, LEVEL_LABELS, SPAN_LABELS, TRACE_LABELS } from "./label-names.ts";
import { COUNTED_LEVELS } from "./logql.ts";

/** Loki's shapes as ours. */

/** Instant and fingerprint: finds the line again, and orders lines of the same instant. */
export const idOf = ({ ns, line, labels }: LokiLine): string => {
  const text = JSON.stringify([Object.entries(labels).sort(), line]);
  return `${ns}-${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
};

/** The instant of an id; null when it is none of ours. */
export const nsOfId = (id: string): bigint | null => {
  const digits = /^(\d{1,20})-[0-9a-f]{16}$/.exec(id)?.[1];
  return digits === undefined ? null : BigInt(digits);
};

/** ISO 8601 with microseconds. */
const instantOf = (ns: bigint): string => {
  const microseconds = String((ns / 1_000n) % 1_000n).padStart(3, "0");
  return `${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, -1)}${microseconds}Z`;
};

const levelOf = (word: string | undefined): LogLevel | null =>
  word === undefined ? null : levelOfSeverity(severityOfWord(word));

function fieldsOf(line: string): Attributes {
  if (!line.startsWith("{")) return {};
  try {
    return JSON.parse(line) as Attributes; // starts with "{": an object or not JSON
  } catch {
    return {};
  }
}

/** A line with its origin from the stream, its fields from structured metadata and, where it is JSON, from itself. */
export function lineOf(found: LokiLine, names: LabelNames): LogLineRecord {
  const { ns, line, labels } = found;
  const inside = fieldsOf(line);
  const textOf = (candidates: readonly string[]): string | undefined => {
    const name = candidates.find((one) => labels[one] || typeof inside[one] === "string");
    return name === undefined ? undefined : labels[name] || String(inside[name]);
  };
  const known = new Set([names.service, names.environment, names.version, names.instance, ...LEVEL_LABELS]);
  const others = Object.entries({ ...inside, ...labels }).filter(([name]) => !known.has(name));
  return {
    id: idOf(found),
    at: instantOf(ns),
    service: labels[names.service] ?? "",
    environment: labels[names.environment] ?? "",
    version: labels[names.version] ?? "",
    instance: labels[names.instance] ?? "",
    level: levelOf(textOf(LEVEL_LABELS)),
    body: messageOf(inside) ?? line,
    attributes: Object.fromEntries(others),
    traceId: hex(textOf(TRACE_LABELS), 32),
    spanId: hex(textOf(SPAN_LABELS), 16),
    patternId: null,
  };
}

const messageOf = (inside: Attributes): string | null => {
  const message = inside.message ?? inside.msg ?? inside.body;
  return typeof message === "string" ? message : null;
};

const hex = (id: string | undefined, digits: number): string | null =>
  id !== undefined && id.length === digits && /^[0-9a-f]+$/i.test(id) ? id.toLowerCase() : null;

/** Counts per bucket and level, oldest first; a value at t counts the step that ends at t. */
export function countsFrom(
  matrix: LokiMatrix,
  stepSeconds: number,
): { bucketMs: number; level: LogLevel | null; count: number }[] {
  const counts = new Map<string, { bucketMs: number; level: LogLevel | null; count: number }>();
  for (const { metric, values } of matrix.result) {
    const level = levelOf(COUNTED_LEVELS.map((name) => metric[name]).find((word) => word && severityOfWord(word) > 0));
    for (const [at, text] of values) {
      const bucketMs = Math.round((at - stepSeconds) * 1_000);
      const key = `${bucketMs} ${level}`;
      const known = counts.get(key);
      if (known) known.count += Number(text);
      else counts.set(key, { bucketMs, level, count: Number(text) });
    }
  }
  return [...counts.values()].filter(({ count }) => count > 0).sort((a, b) => a.bucketMs - b.bucketMs);
}

const MOST_ORIGINS = 1_000;

/** Lines per service and environment, of a matrix with one value a series. */
export const originsFrom = ({ result }: LokiMatrix, names: LabelNames): LineOrigin[] =>
  result
    .map(({ metric, values }) => ({
      service: metric[names.service] ?? "",
      environment: metric[names.environment] ?? "",
      lines: Number(values[0]?.[1] ?? 0),
    }))
    .filter(({ lines }) => lines > 0)
    .sort((a, b) => b.lines - a.lines)
    .slice(0, MOST_ORIGINS);
