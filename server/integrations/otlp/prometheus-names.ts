import type { Attributes, AttributeValue } from "../../agent/ports/telemetry.ts";
import { LabelCollector } from "../http/body/labels.ts";
import type { WireMetric } from "./wire-metric.ts";

/**
 * Names as Prometheus has them for what OpenTelemetry calls otherwise, by the rules both projects agreed on:
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 * (the strategy UnderscoreEscapingWithSuffixes of github.com/prometheus/otlptranslator).
 */

const UNITS = new Map(
  Object.entries({
    ...{ d: "days", h: "hours", min: "minutes", s: "seconds", ms: "milliseconds", us: "microseconds" },
    ...{ ns: "nanoseconds", By: "bytes", KiBy: "kibibytes", MiBy: "mebibytes", GiBy: "gibibytes", TiBy: "tebibytes" },
    ...{ kBy: "kilobytes", KBy: "kilobytes", MBy: "megabytes", GBy: "gigabytes", TBy: "terabytes", m: "meters" },
    ...{ V: "volts", A: "amperes", J: "joules", W: "watts", g: "grams", Cel: "celsius", Hz: "hertz", "1": "" },
    ...{ "%": "percent" },
  }),
);
const PER_UNITS = new Map(
  Object.entries({ s: "second", m: "minute", min: "minute", h: "hour", d: "day", w: "week", mo: "month", y: "year" }),
);

const words = (text: string): string[] => text.split(/[^a-zA-Z0-9:]+/).filter((word) => word !== "");

/** What is in braces is an annotation, no unit. */
function unitWord(unit: string | undefined, names: ReadonlyMap<string, string>): string {
  const said = unit?.trim() ?? "";
  return said.includes("{") || said.includes("}") ? "" : words(names.get(said) ?? said).join("_");
}

/** `http.server.duration` in `s` is `http_server_duration_seconds`; "" for a name without letters or digits. */
export function metricName({ name, unit, type, monotonic }: WireMetric): string {
  const [whole, per] = unit.split(/\/(.*)/s);
  let parts = words(name);
  if (parts.length === 0) return "";
  const main = unitWord(whole, UNITS);
  if (main !== "" && !parts.includes(main)) parts.push(main);
  const perWord = unitWord(per, PER_UNITS);
  if (perWord !== "") parts.push("per", perWord);
  const suffix = type === "sum" && monotonic ? "total" : type === "gauge" && unit === "1" ? "ratio" : null;
  if (suffix) parts = [...parts.filter((part) => part !== suffix), suffix];
  const joined = parts.join("_");
  return /^\d/.test(joined) ? `_${joined}` : joined;
}

const VALID_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function labelName(attribute: string): string {
  if (VALID_LABEL.test(attribute)) return attribute;
  const name = attribute.replace(/[^a-zA-Z0-9]+/g, "_");
  return /^\d/.test(name) ? `key_${name}` : name;
}

export const labelValue = (value: AttributeValue): string =>
  value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);

/**
 * The labels of a point: the origin's, and its attributes. An attribute that has the name of an origin's label is kept
 * as `exported_…`. Attributes whose names become one are joined by `;` in the order of their own names.
 */
export function pointLabels(origin: Readonly<Record<string, string>>, attributes: Attributes): LabelCollector {
  const collector = new LabelCollector(origin);
  const names = Object.keys(attributes);
  const labels = names.map(labelName);
  if (new Set(labels).size < labels.length) return joinedLabels(collector, origin, attributes);
  for (const [i, label] of labels.entries())
    collector.add(
      Object.hasOwn(origin, label) ? `exported_${label}` : label,
      labelValue(attributes[names[i] as string] ?? null),
    );
  return collector;
}

function joinedLabels(
  collector: LabelCollector,
  origin: Readonly<Record<string, string>>,
  attributes: Attributes,
): LabelCollector {
  const joined = new Map<string, string>();
  for (const name of Object.keys(attributes).sort()) {
    const label = labelName(name);
    const value = labelValue(attributes[name] ?? null);
    const before = joined.get(label);
    joined.set(label, before === undefined ? value : `${before};${value}`);
  }
  for (const [label, value] of joined) collector.add(Object.hasOwn(origin, label) ? `exported_${label}` : label, value);
  return collector;
}
