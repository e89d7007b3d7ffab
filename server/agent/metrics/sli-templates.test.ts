import { describe, expect, it } from "vitest";
import type { MetricInfo, MetricQuery } from "../ports/metrics-source.ts";
import { namesOf, planText, servedMetric, signalPlans } from "./sli-templates.ts";

const info = (name: string, kind: MetricInfo["kind"]): MetricInfo => ({ name, kind, unit: "", help: "", series: null });
const filters = [{ label: "service", op: "=" as const, value: "checkout" }];
/** short for what a source would write */
const write = ({ metric, fn, filters: given, quantile }: MetricQuery): string =>
  `${fn}${fn === "quantile" ? quantile : ""}(${metric}${given
    .filter(({ label }) => label !== "service")
    .map(({ label, op, value }) => ` ${label}${op}${value}`)
    .join("")})`;

const textsOf = (...[template, items, servedLabels]: [Parameters<typeof signalPlans>[0], MetricInfo[], string[]]) => {
  const plans = signalPlans(template, filters, { items, servedLabels });
  return Object.fromEntries(Object.entries(plans).map(([signal, plan]) => [signal, planText(plan, write)]));
};

describe("SLI templates", () => {
  it("take the usual names of a Prometheus client", () => {
    const items = [
      info("http_requests_total", "counter"),
      info("http_request_duration_seconds", "histogram"),
      info("process_cpu_seconds_total", "counter"),
      info("process_resident_memory_bytes", "gauge"),
      info("http_requests_in_flight", "gauge"),
    ];
    expect(textsOf("prometheus-http", items, ["code", "service"])).toEqual({
      requestRate: "rate(http_requests_total)",
      errorPercent:
        "100 * (rate(http_requests_total code=~5..) or 0 * rate(http_requests_total)) / rate(http_requests_total)",
      latencyP50Ms: "1000 * quantile0.5(http_request_duration_seconds)",
      latencyP95Ms: "1000 * quantile0.95(http_request_duration_seconds)",
      latencyP99Ms: "1000 * quantile0.99(http_request_duration_seconds)",
      cpuPercent: "100 * rate(process_cpu_seconds_total)",
      memoryBytes: "last(process_resident_memory_bytes)",
      saturation: "last(http_requests_in_flight)",
    });
  });

  it("count by the histogram where there is no counter, with the label that is there", () => {
    const items = [info("http_request_duration_seconds", "histogram")];
    expect(servedMetric("prometheus-http", items)).toBe("http_request_duration_seconds_count");
    expect(textsOf("prometheus-http", items, ["status"]).errorPercent).toContain(
      "rate(http_request_duration_seconds_count status=~5..)",
    );
  });

  it("know OpenTelemetry's seconds and the milliseconds before them", () => {
    const stable = [info("http_server_request_duration_seconds", "histogram")];
    expect(textsOf("otel-http", stable, ["http_response_status_code"])).toMatchObject({
      requestRate: "rate(http_server_request_duration_seconds_count)",
      latencyP95Ms: "1000 * quantile0.95(http_server_request_duration_seconds)",
      errorPercent: expect.stringContaining("http_response_status_code=~5.."),
    });
    const legacy = [info("http_server_duration_milliseconds", "histogram")];
    expect(textsOf("otel-http", legacy, ["http_status_code"])).toMatchObject({
      latencyP95Ms: "quantile0.95(http_server_duration_milliseconds)",
      errorPercent: expect.stringContaining("http_status_code=~5.."),
    });
  });

  it("count those codes of gRPC as failed that a server answers for", () => {
    const { errorPercent } = textsOf("grpc", [info("grpc_server_handled_total", "counter")], ["grpc_code"]);
    const failed = new RegExp(`^(?:${/grpc_code=~(\S+)\)/.exec(errorPercent ?? "")?.[1]})$`);
    const codes = ["OK", "NotFound", "InvalidArgument", "PermissionDenied", "Internal", "Unavailable", "Unknown"];
    expect(codes.filter((code) => failed.test(code))).toEqual(["Internal", "Unavailable", "Unknown"]);
  });

  it("measure a queue by its oldest message and a job by its last success", () => {
    const queue = signalPlans("queue-age", filters, {
      items: [info("queue_oldest_message_age_seconds", "gauge")],
      servedLabels: [],
    });
    expect(queue.saturation).toMatchObject({ unit: "seconds", top: { fn: "max" }, age: false });
    const job = [info("job_last_success_timestamp_seconds", "gauge")];
    expect(textsOf("job-success", job, [])).toEqual({
      saturation: "time() - max(job_last_success_timestamp_seconds)",
    });
  });

  it("know what JVMs send, by Micrometer and by OpenTelemetry's agent", () => {
    const micrometer = [info("http_server_requests_seconds", "histogram"), info("jvm_memory_used_bytes", "gauge")];
    expect(textsOf("prometheus-http", [...micrometer, info("process_cpu_usage", "gauge")], ["status"])).toMatchObject({
      requestRate: "rate(http_server_requests_seconds_count)",
      memoryBytes: "last(jvm_memory_used_bytes)",
      cpuPercent: "100 * last(process_cpu_usage)",
    });
    const agent = [info("jvm_cpu_time_seconds_total", "counter"), info("jvm_memory_used_bytes", "gauge")];
    expect(Object.keys(textsOf("otel-http", agent, []))).toEqual(["cpuPercent", "memoryBytes"]);
  });

  it("leave out what is not there and say what was looked for", () => {
    expect(textsOf("grpc", [info("up", "gauge")], [])).toEqual({});
    expect(textsOf("prometheus-http", [info("http_requests_total", "counter")], ["method"])).toEqual({
      requestRate: "rate(http_requests_total)",
    });
    expect(namesOf("grpc", "latencyP95Ms")).toContain("grpc_server_handling_seconds");
  });

  it("take the likeliest names where nothing is known of the source", () => {
    const plans = signalPlans("otel-http", filters, null);
    expect(Object.keys(plans)).toHaveLength(8);
    expect(plans.requestRate?.top).toMatchObject({ metric: "http_server_request_duration_seconds_count", filters });
  });

  it("know that a label of failures alone is not there before the first", () => {
    const items = [info("messaging_client_consumed_messages_total", "counter")];
    expect(textsOf("queue-age", items, ["queue"]).errorPercent).toContain("error_type=~.+");
  });
});
