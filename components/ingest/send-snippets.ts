export interface Addresses {
  otlp: string;
  loki: string;
  remoteWrite: string;
}

export interface Snippet {
  /** in the URL */
  id: string;
  /** who sends */
  sender: string;
  /** what is to be done with the text */
  label: string;
  text: string;
}

/** stands where the token belongs */
const TOKEN = "opk_...";

/** What to give each usual sender. `origin` as in https://operate.example.com; `addresses` are paths below it. */
export function sendSnippets(origin: string, addresses: Addresses): Snippet[] {
  const otlp = `${origin}${addresses.otlp}`;
  const loki = `${origin}${addresses.loki}`;
  return [
    {
      id: "otel",
      sender: "OpenTelemetry",
      label: "Environment of any OpenTelemetry SDK or Collector: logs, metrics and traces",
      text: [
        `export OTEL_EXPORTER_OTLP_ENDPOINT=${otlp}`,
        `export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20${TOKEN}"`,
        "export OTEL_SERVICE_NAME=checkout",
      ].join("\n"),
    },
    {
      id: "alloy",
      sender: "Alloy",
      label: "Configuration of Grafana Alloy: logs",
      text: [
        'loki.write "operate" {',
        "  endpoint {",
        `    url          = "${loki}"`,
        `    bearer_token = "${TOKEN}"`,
        "  }",
        "}",
      ].join("\n"),
    },
    {
      id: "promtail",
      sender: "promtail",
      label: "Part of promtail.yaml: logs",
      text: ["clients:", `  - url: ${loki}`, `    bearer_token: ${TOKEN}`].join("\n"),
    },
    {
      id: "prometheus",
      sender: "Prometheus",
      label: "Part of prometheus.yml: metrics",
      text: [
        "remote_write:",
        `  - url: ${origin}${addresses.remoteWrite}`,
        "    authorization:",
        `      credentials: ${TOKEN}`,
      ].join("\n"),
    },
    {
      id: "curl",
      sender: "curl",
      label: "One line, to try it",
      text: [
        `curl ${loki} \\`,
        `  -H "Authorization: Bearer ${TOKEN}" -H "Content-Type: application/json" \\`,
        `  -d '{"streams":[{"stream":{"service":"hello"},"values":[["'$(date +%s)000000000'","hello from curl"]]}]}'`,
      ].join("\n"),
    },
  ];
}
