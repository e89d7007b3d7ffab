import type { ServiceSignalsOutput, SignalName } from "#server/agent/metrics/schema.ts";
import type { Line, PanelInput } from "../charts/prepare/panel.ts";
import type { Unit } from "../charts/prepare/units.ts";

type Signal = ServiceSignalsOutput["signals"][number];

export const PANELS = ["rate", "errors", "latency", "saturation", "cpu", "memory"] as const;
export type PanelName = (typeof PANELS)[number];

interface Look {
  title: string;
  /** from the back to the front; the last one is what the panel is about */
  lines: { signal: SignalName; label: string; weight: Line["weight"] }[];
}

const LOOK: Record<PanelName, Look> = {
  rate: { title: "Requests", lines: [{ signal: "requestRate", label: "requests", weight: "main" }] },
  errors: { title: "Errors", lines: [{ signal: "errorPercent", label: "share of requests", weight: "main" }] },
  latency: {
    title: "Latency",
    lines: [
      { signal: "latencyP50Ms", label: "p50", weight: "third" },
      { signal: "latencyP99Ms", label: "p99", weight: "second" },
      { signal: "latencyP95Ms", label: "p95", weight: "main" },
    ],
  },
  saturation: { title: "Saturation", lines: [{ signal: "saturation", label: "saturation", weight: "main" }] },
  cpu: { title: "CPU", lines: [{ signal: "cpuPercent", label: "of a core", weight: "main" }] },
  memory: { title: "Memory", lines: [{ signal: "memoryBytes", label: "resident", weight: "main" }] },
};

const UNITS: Record<Signal["unit"], { unit: Unit; word?: string; factor?: number }> = {
  "per-second": { unit: "per-second" },
  percent: { unit: "percent" },
  ms: { unit: "ms" },
  bytes: { unit: "bytes" },
  seconds: { unit: "seconds" },
  requests: { unit: "number", word: "in flight" },
  ratio: { unit: "percent", factor: 100 },
};

export interface SignalPanel {
  name: PanelName;
  title: string;
  input: PanelInput;
  /** why there are no values */
  problem: string | null;
  grafanaHref: string | null;
}

const beforeKey = (signal: SignalName): string => `${signal}-before`;
const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** The signals of a service as panels over one time axis; where the window before was asked for, as a line behind. */
export function signalPanels(data: ServiceSignalsOutput): SignalPanel[] {
  const of = new Map(data.signals.map((signal) => [signal.signal, signal]));
  return PANELS.flatMap((name) => {
    const { title, lines } = LOOK[name];
    const main = of.get(lines.at(-1)?.signal ?? "requestRate");
    if (!main) return [];
    const { unit, word, factor = 1 } = UNITS[main.unit];
    const before: Line[] =
      main.before === null ? [] : [{ key: beforeKey(main.signal), label: beforeLabel(lines), weight: "before" }];
    const drawn = lines.map(({ signal, label, weight }): Line => ({ key: signal, label, weight }));
    return {
      ...{ name, title },
      problem: main.problem === null ? null : `${capital(main.problem)}: unknown, not zero.`,
      grafanaHref: main.grafanaHref,
      input: {
        unit,
        ...(word ? { unitWord: word } : {}),
        lines: [...before, ...drawn],
        points: main.values.map((_, i) => {
          const point: { t: string } & Record<string, number | string | null> = { t: timeOf(data, i) };
          for (const { signal } of lines) point[signal] = scaled(of.get(signal)?.values[i], factor);
          if (main.before) point[beforeKey(main.signal)] = scaled(main.before[i], factor);
          return point;
        }),
        markers: data.markers.map(({ at, label }) => ({ at, label })),
        stepSeconds: data.stepSeconds,
      },
    };
  });
}

const beforeLabel = (lines: Look["lines"]): string => (lines.length > 1 ? `${lines.at(-1)?.label} before` : "before");

const scaled = (value: number | null | undefined, factor: number): number | null =>
  value === null || value === undefined ? null : value * factor;

const timeOf = ({ start, stepSeconds }: ServiceSignalsOutput, index: number): string =>
  new Date(Date.parse(start) + index * stepSeconds * 1_000).toISOString();

/** What else there is to say of how the figures were come by; the balancer asks nothing. */
export const templateWords = (template: string): string =>
  template === "balancer" ? "" : template === "spans" ? ", from its spans" : `, template ${template}`;

/** Each different way in which a signal was asked for, in the panels' order. */
export const queriesOf = (data: ServiceSignalsOutput): { label: string; query: string }[] =>
  PANELS.flatMap((name) =>
    LOOK[name].lines.flatMap(({ signal, label }) => {
      const found = data.signals.find((one) => one.signal === signal);
      if (!found?.query) return [];
      return [
        { label: LOOK[name].lines.length > 1 ? `${LOOK[name].title} ${label}` : LOOK[name].title, query: found.query },
      ];
    }),
  );
