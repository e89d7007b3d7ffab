import type { MetricsSource } from "../ports/metrics-source.ts";

/** How OpenTelemetry's names for metrics are found again: they are kept as Prometheus writes them. */

const MOST_NEAR = 5;

/** `http.server.duration` → `http_server_duration`, with which its kept name begins; null for a name without such signs. */
export const keptNameStart = (name: string): string | null =>
  /^[\w:]*$/.test(name)
    ? null
    : name
        .split(/[^a-zA-Z0-9:]+/)
        .filter((word) => word !== "")
        .join("_");

/** What to do about a name that no metric has, with those that are kept under such a beginning. */
export async function noSuchMetric(source: MetricsSource, metric: string): Promise<string> {
  const start = keptNameStart(metric) ?? metric;
  const near = start === "" ? [] : (await source.metrics({ search: start, limit: 100 })).data.items;
  const names = near
    .map(({ name }) => name)
    .filter((name) => name.startsWith(start))
    .slice(0, MOST_NEAR);
  const what = `No metric is named ${metric}.`;
  if (names.length > 0)
    return `${what} Did you mean ${names.join(" or ")}? Names of OpenTelemetry are kept as Prometheus writes them: with underscores, the unit, and _total for what only grows.`;
  return `${what} The list of metrics names those there are; look there for a part of the name.`;
}
