import {
  FILTER_OPS,
  LONGEST_NAME,
  LONGEST_PROMQL,
  LONGEST_VALUE,
  MOST_FILTERS,
  MOST_GROUPS,
} from "#server/agent/metrics/words.ts";
import { METRIC_FUNCTION_NAMES, type MetricFunctionName } from "#server/agent/telemetry/metric-functions.ts";

type FilterOp = (typeof FILTER_OPS)[number];

export interface Filter {
  label: string;
  op: FilterOp;
  value: string;
}

/** One panel of the explorer, as its URL keeps it: a metric and what is done with it, or PromQL. */
export interface PanelQuery {
  metric: string | null;
  /** instead of the metric, where the source speaks it */
  promql: string | null;
  filters: Filter[];
  groupBy: string[];
  /** null: what suits the metric */
  fn: MetricFunctionName | null;
  quantile: number;
  /** null: about 120 points */
  stepSeconds: number | null;
  /** names of the lines that are not drawn */
  hidden: string[];
}

export const EMPTY_PANEL: PanelQuery = {
  ...{ metric: null, promql: null, filters: [], groupBy: [], fn: null },
  ...{ quantile: 0.95, stepSeconds: null, hidden: [] },
};
export const MOST_PANELS = 6;

/** The panels as one short text: what is as usual is left out. */
export const writePanels = (panels: readonly PanelQuery[]): string =>
  JSON.stringify(
    panels.map((panel) => ({
      ...(panel.metric ? { m: panel.metric } : {}),
      ...(panel.promql === null ? {} : { q: panel.promql }),
      ...(panel.filters.length > 0 ? { f: panel.filters.map(({ label, op, value }) => [label, op, value]) } : {}),
      ...(panel.groupBy.length > 0 ? { g: panel.groupBy } : {}),
      ...(panel.fn ? { fn: panel.fn } : {}),
      ...(panel.quantile === EMPTY_PANEL.quantile ? {} : { p: panel.quantile }),
      ...(panel.stepSeconds === null ? {} : { s: panel.stepSeconds }),
      ...(panel.hidden.length > 0 ? { h: panel.hidden } : {}),
    })),
  );

/** What a URL says, as far as it can be understood; null when it is nothing of the kind. */
export function readPanels(text: string | null): PanelQuery[] | null {
  const found = parsed(text);
  return Array.isArray(found) ? found.slice(0, MOST_PANELS).map(panelOf) : null;
}

function parsed(text: string | null): unknown {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null; // an URL cut in a chat: the page begins empty
  }
}

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
const textWithin = (value: unknown, longest: number): string | null =>
  typeof value === "string" && value.length <= longest ? value : null;
const nameOf = (value: unknown): string | null => textWithin(value, LONGEST_NAME) || null;
const listOf = <T>(value: unknown, read: (item: unknown) => T | null, most: number): T[] =>
  Array.isArray(value) ? value.slice(0, most).flatMap((item) => read(item) ?? []) : [];
const within = (value: unknown, least: number, most: number): number | null =>
  typeof value === "number" && value >= least && value <= most ? value : null;

function panelOf(value: unknown): PanelQuery {
  const step = within(field(value, "s"), 1, 86_400);
  return {
    metric: nameOf(field(value, "m")),
    promql: textWithin(field(value, "q"), LONGEST_PROMQL),
    filters: listOf(field(value, "f"), filterOf, MOST_FILTERS),
    groupBy: listOf(field(value, "g"), nameOf, MOST_GROUPS),
    fn: METRIC_FUNCTION_NAMES.find((name) => name === field(value, "fn")) ?? null,
    quantile: within(field(value, "p"), 0, 1) ?? EMPTY_PANEL.quantile,
    stepSeconds: step === null ? null : Math.round(step),
    hidden: listOf(field(value, "h"), (item) => textWithin(item, LONGEST_PROMQL), 100),
  };
}

function filterOf(value: unknown): Filter | null {
  if (!Array.isArray(value)) return null;
  const label = nameOf(value[0]);
  const op = FILTER_OPS.find((one) => one === value[1]);
  const text = textWithin(value[2], LONGEST_VALUE);
  return label && op && text !== null ? { label, op, value: text } : null;
}

/** The part of the input that the panel decides; null while it asks for nothing yet. */
export function queryOf(panel: PanelQuery) {
  const step = panel.stepSeconds === null ? {} : { stepSeconds: panel.stepSeconds };
  if (panel.promql !== null) return panel.promql.trim() ? { promql: panel.promql.trim(), ...step } : null;
  if (!panel.metric) return null;
  return {
    metric: panel.metric,
    filters: panel.filters.filter(({ label }) => label !== ""),
    groupBy: panel.groupBy,
    ...(panel.fn ? { fn: panel.fn } : {}),
    quantile: panel.quantile,
    ...step,
  };
}
