export { grafanaDashboard } from "./grafana-dashboard.ts";
export { labelValues, listMetrics, metricLabels } from "./list-metrics.ts";
export { observedCounts, observedLatencies, observedLatest } from "./observed-figures.ts";
export { queryMetrics } from "./query-metrics.ts";
export { serviceSignals } from "./service-signals.ts";
