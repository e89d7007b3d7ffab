import { describe, expect, it } from "vitest";
import { labelName, metricName } from "./prometheus-names.ts";
import type { MetricType } from "./wire-metric.ts";

describe("the name of a metric", () => {
  // as the tests of github.com/prometheus/otlptranslator have them
  it.each<[string, string, MetricType | "counter", string]>([
    ["requests", "", "counter", "requests_total"],
    ["requests_total", "", "counter", "requests_total"],
    ["cpu_usage", "1", "gauge", "cpu_usage_ratio"],
    ["cpu_usage_ratio", "1", "gauge", "cpu_usage_ratio"],
    ["items", "1", "counter", "items_total"],
    ["response_time", "ms", "gauge", "response_time_milliseconds"],
    ["response_time_seconds", "s", "gauge", "response_time_seconds"],
    ["requests", "1/s", "gauge", "requests_per_second"],
    ["throughput", "By/s", "gauge", "throughput_bytes_per_second"],
    ["custom_metric", "custom_unit", "gauge", "custom_metric_custom_unit"],
    ["custom_metric", "{custom}", "gauge", "custom_metric"],
    ["custom_metric", "By/{custom}", "gauge", "custom_metric_bytes"],
    ["cpu_seconds_total", "s", "counter", "cpu_seconds_total"],
    ["custom_metric", "unit@with#special/chars", "gauge", "custom_metric_unit_with_special_per_chars"],
    ["metric__with__underscores", "unit__too", "gauge", "metric_with_underscores_unit_too"],
    ["@#$%", "", "gauge", ""],
    ["123.metric", "", "gauge", "_123_metric"],
    ["http.server.request.duration", "s", "histogram", "http_server_request_duration_seconds"],
    ["request_size", "By", "exponential-histogram", "request_size_bytes"],
    ["active_connections", "", "sum", "active_connections"],
    ["uptime", "d", "gauge", "uptime_days"],
  ])("%s in %j of a %s is %s", (name, unit, type, expected) => {
    const monotonic = type === "counter";
    const metric = { name, description: "", unit, type: type === "counter" ? "sum" : type, temporality: 2, monotonic };
    expect(metricName(metric)).toBe(expected);
  });
});

describe("the name of a label", () => {
  it.each([
    ["http.request.method", "http_request_method"],
    ["already_fine", "already_fine"],
    ["__reserved__", "__reserved__"],
    ["2xx", "key_2xx"],
    ["grün..weiß", "gr_n_wei_"],
  ])("%s is %s", (attribute, label) => {
    expect(labelName(attribute)).toBe(label);
  });
});
