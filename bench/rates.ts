import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { startEmbeddedPostgres } from "#server/db/embedded.ts";
import { migrateDatabase } from "#server/db/migrate.ts";
import { createOutboundClient } from "#server/integrations/http/client.ts";
import { createPrometheusSource } from "#server/integrations/prometheus/index.ts";
import { createTelemetryStore, upkeepOnce } from "#server/telemetry-store/index.ts";
import { isInstalled, startPrometheus } from "#server/testing/monitoring-servers.ts";
import { SENDER } from "#server/testing/telemetry/records.ts";
import {
  askHoles,
  askSteady,
  HOUR_MS,
  holedCounters,
  INTERVALS,
  type IntervalSeconds,
  largestMiss,
  steadyQuestions,
  steadySeries,
  WINDOW_HOURS,
} from "#server/testing/telemetry/steady-series.ts";
import { commandLine } from "../scripts/usage.mjs";
import { printReport } from "./harness.ts";

/**
 * A week of the same series, sampled at five intervals, in the built-in store and in a real Prometheus: by how much
 * rates, error rates, increases and quantiles differ at most, from samples and from rollups, in windows of 15 minutes
 * to 7 days; and what counters grew by in an hour of which some minutes' samples are missing.
 */
commandLine("bench:rates");
const MOST = 0.02;
const WEEK_HOURS = 169;
/** a multiple of all steps: one that goes on after it would be known in part */
const endMs = Math.floor(Date.now() / (2 * HOUR_MS)) * 2 * HOUR_MS - 2 * HOUR_MS;
const seriesOf = (seconds: IntervalSeconds) => [
  ...steadySeries(seconds, WEEK_HOURS, endMs),
  ...holedCounters(seconds, endMs),
];
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

if (!isInstalled("prometheus") || !isInstalled("promtool")) {
  printReport({ name: "rates", results: [], targets: [], skipped: ["all: prometheus or promtool is not installed"] });
  process.exit();
}

const dataDir = mkdtempSync(join(tmpdir(), "operate-bench-"));
const postgres = await startEmbeddedPostgres({ dataDir });
const http = createOutboundClient({ allow: [], deny: [] });
try {
  await migrateDatabase(postgres.url);
  const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
  const now = () => new Date(endMs + HOUR_MS / 2);
  const store = createTelemetryStore({ databaseUrl: postgres.url, config, now });
  for (const one of INTERVALS.flatMap(seriesOf)) {
    const { rejected } = await store.writeSamples([one], SENDER);
    if (rejected.length > 0) throw new Error(`${one.name} was refused: ${JSON.stringify(rejected)}`);
  }
  const results: Record<string, string | number>[] = [];
  let largest = 0;
  const compare = async (from: "samples" | "rollups", seconds: IntervalSeconds) => {
    const server = await startPrometheus({ series: seriesOf(seconds) });
    try {
      const prometheus = createPrometheusSource({ url: server.url, headers: {}, http, now: () => new Date(endMs) });
      const holes = await askHoles(store.metrics, seconds, endMs);
      const { miss: missed } = largestMiss(holes, await askHoles(prometheus, seconds, endMs));
      largest = Math.max(largest, missed);
      results.push({ from, "every s": seconds, "window h": "1, holed", increase: percent(missed) });
      for (const hours of WINDOW_HOURS) {
        const misses: string[] = [];
        for (const question of steadyQuestions(seconds)) {
          const at = { hours, endMs, least: Math.max(15, seconds) };
          const own = await askSteady(store.metrics, question, at);
          const { miss } = largestMiss(own.values, (await askSteady(prometheus, question, at)).values);
          largest = Math.max(largest, miss);
          misses.push(percent(miss));
        }
        const [rate = "", errors = "", increase = "", quantile = ""] = misses;
        results.push({ from, "every s": seconds, "window h": hours, rate, "error rate": errors, increase, quantile });
      }
    } finally {
      await server.stop();
    }
  };
  for (const seconds of INTERVALS) await compare("samples", seconds);
  await upkeepOnce(store);
  for (const seconds of INTERVALS) await compare("rollups", seconds);
  await store.close();
  const target = `every figure within ${percent(MOST)} of Prometheus'`;
  printReport({ name: "rates", results, targets: [{ target, measured: percent(largest), met: largest < MOST }] });
  if (largest >= MOST) process.exitCode = 1;
} finally {
  await http.close();
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
