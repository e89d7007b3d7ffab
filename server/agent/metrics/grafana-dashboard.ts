import { type CatalogService, catalogOf } from "../catalog/catalog.ts";
import type { OperateAgentConfig } from "../config.ts";
import type { LabelFilter, MetricQuery } from "../ports/metrics-source.ts";
import type { MetricSliTemplate, SliTemplate } from "../telemetry/config.ts";
import { seriesLabels } from "../telemetry/series-labels.ts";
import { ownQueries } from "./own-queries.ts";
import type { SignalName } from "./schema.ts";
import { planText, type SignalUnit, signalPlans } from "./sli-templates.ts";

/**
 * A dashboard for Grafana 10 and later (schema version 39) with the panels of the service page: a row for each service,
 * and one over all of them. The variables choose data source, services of the first row, and environment.
 * https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
 */

/** Writes a query as PromQL, with `$__rate_interval` and `$__interval` for its durations. */
type Write = (query: MetricQuery) => string;

interface Target {
  refId: string;
  expr: string;
  legendFormat: string;
  datasource: typeof DATASOURCE;
}

const DATASOURCE = { type: "prometheus", uid: "${datasource}" } as const;
const UNITS: Record<SignalUnit, string> = {
  "per-second": "reqps",
  percent: "percent",
  ms: "ms",
  bytes: "bytes",
  requests: "short",
  seconds: "s",
  ratio: "percentunit",
};
const PANELS: { title: string; signals: [signal: SignalName, legend: string][] }[] = [
  { title: "Requests", signals: [["requestRate", "requests"]] },
  { title: "Errors", signals: [["errorPercent", "failed"]] },
  {
    title: "Latency",
    signals: [
      ["latencyP50Ms", "p50"],
      ["latencyP95Ms", "p95"],
      ["latencyP99Ms", "p99"],
    ],
  },
  { title: "CPU", signals: [["cpuPercent", "of one core"]] },
  { title: "Memory", signals: [["memoryBytes", "resident"]] },
  { title: "Saturation", signals: [["saturation", "saturation"]] },
];
const COLUMNS = 3;
const SIZE = { w: 24 / COLUMNS, h: 7 };
const ENVIRONMENT = "$environment";
const ALL: LabelFilter[] = [
  { label: "service", op: "=~", value: "$service" },
  { label: "environment", op: "=", value: ENVIRONMENT },
];

/** What the balancer or spans measure for Operate, a Prometheus has under OpenTelemetry's names, if at all. */
const metricSliTemplate = (template: SliTemplate | undefined): MetricSliTemplate =>
  template === undefined || template === "balancer" || template === "spans" ? "otel-http" : template;

export function grafanaDashboard(config: OperateAgentConfig, write: Write) {
  const rows = [
    { title: "All services", panels: overview(catalogOf(config).services, write) },
    ...catalogOf(config).services.map((service) => ({ title: service.name, panels: panelsOf(config, service, write) })),
  ];
  return {
    uid: "operate-services",
    title: "Operate: services",
    tags: ["operate"],
    schemaVersion: 39,
    editable: true,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    templating: { list: variables(config) },
    panels: placed(rows),
  };
}

function variables(config: OperateAgentConfig) {
  const { serviceNames, environments } = catalogOf(config);
  const last = environments.at(-1) ?? "";
  const choice = (name: string, values: readonly string[]) => ({ name, type: "custom", query: values.join(",") });
  return [
    { name: "datasource", type: "datasource", query: "prometheus", label: "Data source" },
    {
      ...choice("service", serviceNames),
      ...{ label: "Service", multi: true, includeAll: true, allValue: ".+" },
      current: { text: ["All"], value: ["$__all"] },
    },
    { ...choice("environment", environments), label: "Environment", current: { text: last, value: last } },
  ];
}

interface Panel {
  title: string;
  unit: string;
  targets: Target[];
}

const target = (index: number, expr: string, legendFormat: string): Target => ({
  ...{ refId: String.fromCharCode(65 + index), expr, legendFormat },
  datasource: DATASOURCE,
});

/** One line a service; services whose series have labels of their own are in their own rows only. */
function overview(services: readonly CatalogService[], write: Write): Panel[] {
  const plain = services.filter(({ telemetry }) => Object.keys(telemetry?.labels ?? {}).length === 0);
  const templates = [...new Set(plain.map(({ telemetry }) => metricSliTemplate(telemetry?.template)))];
  const grouped: Write = (query) => write({ ...query, groupBy: ["service"] });
  const signals = { Requests: "requestRate", Errors: "errorPercent", "Latency p95": "latencyP95Ms" } as const;
  return Object.entries(signals).flatMap(([title, signal]) => {
    const plans = templates.flatMap((template) => signalPlans(template, ALL, null)[signal] ?? []);
    const targets = plans.map((plan, i) => target(i, planText(plan, grouped), "{{service}}"));
    return plans[0] ? [{ title, unit: UNITS[plans[0].unit], targets }] : [];
  });
}

function panelsOf(config: OperateAgentConfig, service: CatalogService, write: Write): Panel[] {
  const ref = { service: service.name, environment: ENVIRONMENT };
  const configured = seriesLabels(service.telemetry?.labels ?? {}, ref.service, ref.environment);
  const labels = Object.keys(configured).length > 0 ? configured : ref;
  const filters = Object.entries(labels).map(([label, value]): LabelFilter => ({ label, op: "=", value }));
  const plans = signalPlans(metricSliTemplate(service.telemetry?.template), filters, null);
  const own = ownQueries(config, ref);
  return PANELS.flatMap(({ title, signals }) => {
    const found = signals.flatMap(([signal, legend]) => {
      const plan = plans[signal];
      const mine = own[signal];
      if (mine) return [{ expr: mine.expression, unit: mine.unit, legend }];
      return plan ? [{ expr: planText(plan, write), unit: plan.unit, legend }] : [];
    });
    const targets = found.map(({ expr, legend }, i) => target(i, expr, legend));
    return found[0] ? [{ title, unit: UNITS[found[0].unit], targets }] : [];
  });
}

/** Rows under one another, their panels side by side, on Grafana's grid of 24 columns. */
function placed(rows: readonly { title: string; panels: readonly Panel[] }[]) {
  let id = 0;
  let y = 0;
  return rows.flatMap(({ title, panels }) => {
    id += 1;
    const row = { id, type: "row", title, collapsed: false, gridPos: { x: 0, y, w: 24, h: 1 }, panels: [] };
    y += 1;
    const inside = panels.map(({ title: name, unit, targets }, i) => {
      id += 1;
      const [x, line] = [(i % COLUMNS) * SIZE.w, Math.floor(i / COLUMNS)];
      return {
        ...{ id, type: "timeseries", title: name, datasource: DATASOURCE, targets },
        gridPos: { x, y: y + line * SIZE.h, ...SIZE },
        fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
        options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } },
      };
    });
    y += Math.ceil(panels.length / COLUMNS) * SIZE.h;
    return [row, ...inside];
  });
}
