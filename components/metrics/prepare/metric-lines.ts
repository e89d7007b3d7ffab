import type { z } from "zod";
import type { QueryMetricsOutput } from "#server/agent/metrics/schema.ts";
import type { PanelInput } from "../../charts/prepare/panel.ts";
import type { Unit } from "../../charts/prepare/units.ts";

type Output = z.output<typeof QueryMetricsOutput>;
type Labels = Record<string, string>;

export interface NamedLine {
  /** tells it from the others, also in the URL */
  name: string;
  /** its place among all lines, which its colour follows */
  series: number;
  last: number | null;
  min: number | null;
  avg: number | null;
  max: number | null;
}

/** What tells a line from the others: the labels in which they differ; without any, `only`. */
export function nameOfLine(labels: Labels, varying: readonly string[], only: string): string {
  const [first, ...more] = varying.filter((label) => label in labels);
  if (first === undefined) return only;
  if (more.length === 0) return labels[first] || `no ${first}`;
  return [first, ...more].map((label) => `${label}=${labels[label]}`).join(", ");
}

/** Labels whose values differ between lines; of one line, all it has. */
export function varyingLabels(lines: readonly { labels: Labels }[]): string[] {
  const names = [...new Set(lines.flatMap(({ labels }) => Object.keys(labels)))];
  if (lines.length <= 1) return names;
  return names.filter((name) => new Set(lines.map(({ labels }) => labels[name])).size > 1);
}

/** A metric's unit as the charts know it; `1/s`, `By/s` and so on are rates. */
export function unitOf(unit: string): { unit: Unit; word: string } {
  const rate = unit.endsWith("/s");
  const base = rate ? unit.slice(0, -2) : unit;
  if (rate)
    return base === "" || base === "1"
      ? { unit: "per-second", word: "" }
      : { unit: "number", word: `${plain(base)} per second` };
  if (base === "s" || base === "seconds") return { unit: "seconds", word: "" };
  if (base === "ms" || base === "milliseconds") return { unit: "ms", word: "" };
  if (base === "By" || base === "bytes") return { unit: "bytes", word: "" };
  if (base === "%" || base === "percent") return { unit: "percent", word: "" };
  return { unit: "number", word: plain(base) };
}

/** UCUM annotations without their braces; a one is no word. */
const plain = (unit: string): string => (unit === "1" ? "" : unit.replace(/^\{(.*)\}$/, "$1").replace(/^By$/, "bytes"));

/** The answer as a chart, without what is hidden, and as the rows of its legend. */
export function metricPanel(
  output: Pick<Output, "lines" | "start" | "stepSeconds" | "unit">,
  hidden: readonly string[],
  only: string,
): { input: PanelInput; lines: NamedLine[] } {
  const varying = varyingLabels(output.lines);
  const named = output.lines.map((line, series) => ({ ...line, series, name: nameOfLine(line.labels, varying, only) }));
  const shown = named.filter(({ name }) => !hidden.includes(name));
  const startMs = Date.parse(output.start);
  const steps = Math.max(0, ...output.lines.map(({ values }) => values.length));
  const { unit, word } = unitOf(output.unit);
  return {
    lines: named.map(({ name, series, last, min, avg, max }) => ({ name, series, last, min, avg, max })),
    input: {
      unit,
      ...(word ? { unitWord: word } : {}),
      lines: shown.map(({ series, name }) => ({ key: `line-${series}`, label: name, weight: "main", series })),
      points: Array.from({ length: steps }, (_, i) => ({
        t: new Date(startMs + i * output.stepSeconds * 1_000).toISOString(),
        ...Object.fromEntries(shown.map(({ series, values }) => [`line-${series}`, values[i] ?? null])),
      })),
      markers: [],
      stepSeconds: output.stepSeconds,
    },
  };
}
