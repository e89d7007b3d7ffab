import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import type { MetricQuery } from "#server/agent/ports/metrics-source.ts";
import { collectorSocket, SENDER_HEADER } from "#server/collector/socket.ts";
import { startEmbeddedPostgres } from "#server/db/embedded.ts";
import { migrateDatabase } from "#server/db/migrate.ts";
import { createTelemetryStore, upkeepOnce } from "#server/telemetry-store/index.ts";
import { createTestCollector } from "#server/testing/collector.ts";
import { commandLine } from "../scripts/usage.mjs";
import { median, percentile, printReport } from "./harness.ts";

/**
 * Taking telemetry in: a real collector process on the embedded PostgreSQL at its normal durability, fed over HTTP by
 * another process on the same cores, each batch acknowledged after its commit; then the question for a day's error
 * ratio with ten million samples of that day stored. `--seconds=N` is how long each signal is sent (60).
 */
const given = commandLine("bench:ingest");
const SECONDS = given.number("seconds");
const DAY_SAMPLES = given.number("samples");
const CONNECTIONS = 6;
const LEAST = { logs: 20_000, samples: 50_000 };
const MOST_MEMORY_MB = 400;
const MOST_QUERY_MS = 100;
const DAY_MS = 86_400_000;
const EVERY_MS = 15_000;
const STEPS_A_WRITE = 20;

interface Sent {
  acknowledged: number;
  later: number;
  refused: number;
  seconds: number;
}

/** resident megabytes of a process; null where there is no /proc */
function residentMb(pid: number | undefined): number | null {
  try {
    const pages = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return pages === undefined ? null : Math.round(Number(pages) / 1_024);
  } catch {
    return null;
  }
}

const round = (value: number, digits = 0): number => Number(value.toFixed(digits));

async function measure(kind: keyof typeof LEAST, socket: string, pid: number | undefined) {
  const file = join(import.meta.dirname, "processes", "ingest-load.ts");
  const load = fork(file, [socket, kind, String(SECONDS), String(CONNECTIONS), SENDER_HEADER]);
  let highestMb = 0;
  const watch = setInterval(() => {
    highestMb = Math.max(highestMb, residentMb(pid) ?? 0);
  }, 250);
  const [sent] = (await Promise.race([
    once(load, "message"),
    once(load, "exit").then(([code]) => Promise.reject(new Error(`the sender ended early (${code})`))),
  ])) as [Sent];
  clearInterval(watch);
  return { ...sent, perSecond: sent.acknowledged / sent.seconds, highestMb };
}

interface Day {
  samples: number;
  fillSeconds: number;
  rollUpSeconds: number;
  queriesMs: number[];
}

/** A day of 15-second samples of many series, among them the requests of one service by status. */
async function fillDay(url: string): Promise<Day> {
  const now = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - 60_000);
  const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
  const store = createTelemetryStore({ databaseUrl: url, config, now: () => now });
  try {
    const fromMs = now.getTime() - DAY_MS;
    const perSeries = DAY_MS / EVERY_MS;
    const series = Array.from({ length: Math.ceil(DAY_SAMPLES / perSeries) }, (_, i) => ({
      name: "http_requests_total",
      labels: { service: `day-${Math.floor(i / 20)}`, code: i % 10 === 0 ? "500" : "200", series: String(i) },
      ...{ kind: "counter" as const, unit: "" },
    }));
    const filled = performance.now();
    for (let step = 0; step < perSeries; step += STEPS_A_WRITE) {
      const steps = Array.from({ length: Math.min(STEPS_A_WRITE, perSeries - step) }, (_, i) => step + i);
      const timesMs = steps.map((at) => fromMs + at * EVERY_MS);
      const batch = series.map((one, i) => ({ ...one, timesMs, values: steps.map((at) => at * 10 + (i % 7)) }));
      const { rejected } = await store.writeSamples(batch, { protocol: "bench", name: "day" });
      if (rejected.length > 0) throw new Error(`the day was refused: ${rejected[0]?.reason}`);
    }
    const fillSeconds = (performance.now() - filled) / 1_000;
    const began = performance.now();
    await upkeepOnce(store);
    const rollUpSeconds = (performance.now() - began) / 1_000;
    const ask = (filters: MetricQuery["filters"]) =>
      store.metrics.query({
        ...{ metric: "http_requests_total", groupBy: [], fn: "rate", stepSeconds: 720, limit: 1 },
        filters: [{ label: "service", op: "=", value: "day-0" }, ...filters],
        window: { from: new Date(fromMs), to: now },
      });
    const queriesMs: number[] = [];
    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      const [all, failed] = await Promise.all([ask([]), ask([{ label: "code", op: "=~", value: "5.." }])]);
      queriesMs.push(performance.now() - start);
      if (all.data.lines.length !== 1 || failed.data.lines.length !== 1) throw new Error("the day has no error ratio");
    }
    const [row] = await store.parts.database.read<{ n: string }>(
      "select count(*)::text as n from metric_sample where at < $1",
      [now],
    );
    return { samples: Number(row?.n ?? 0), fillSeconds, rollUpSeconds, queriesMs };
  } finally {
    await store.close();
  }
}

/** A database of its own for the day: rollups go forward only, and it lies before what is sent now. */
async function copyDatabase(url: string): Promise<string> {
  const day = new URL(url);
  const client = new pg.Client({ connectionString: new URL("/postgres", url).href });
  await client.connect();
  await client.query(`create database day template "${day.pathname.slice(1)}"`);
  await client.end();
  day.pathname = "/day";
  return day.href;
}

const dataDir = mkdtempSync(join(tmpdir(), "operate-bench-"));
const postgres = await startEmbeddedPostgres({ dataDir });
try {
  await migrateDatabase(postgres.url);
  const dayUrl = await copyDatabase(postgres.url);
  const collector = createTestCollector({ databaseUrl: postgres.url });
  await collector.start();
  const socket = collectorSocket(collector.dataDir);
  const logs = await measure("logs", socket, collector.child.pid);
  const samples = await measure("samples", socket, collector.child.pid);
  await collector.dispose();
  const day = await fillDay(dayUrl);
  const highestMb = Math.max(logs.highestMb, samples.highestMb);
  const queryMs = round(median(day.queriesMs), 1);
  const row = (signal: string, sent: typeof logs) => ({
    signal,
    perSecond: round(sent.perSecond),
    acknowledged: sent.acknowledged,
    seconds: round(sent.seconds, 1),
    toldToComeAgain: sent.later,
    refused: sent.refused,
    collectorMb: sent.highestMb,
    loadAverage: round(loadavg()[0] ?? 0, 1),
  });
  const kept = (kind: keyof typeof LEAST, sent: typeof logs) => ({
    target: `at least ${LEAST[kind].toLocaleString("en")} ${kind === "logs" ? "log lines" : "samples"} a second for ${SECONDS} s`,
    measured: `${round(sent.perSecond).toLocaleString("en")}, ${sent.refused} requests refused`,
    met: sent.perSecond >= LEAST[kind] && sent.refused === 0,
  });
  printReport({
    name: "ingest",
    results: [row("logs", logs), row("samples", samples)],
    targets: [
      kept("logs", logs),
      kept("samples", samples),
      {
        target: `the collector under ${MOST_MEMORY_MB} MB`,
        measured: highestMb === 0 ? "not measured: no /proc" : `${highestMb} MB at most`,
        met: highestMb < MOST_MEMORY_MB,
      },
      {
        target: `a day's error ratio in under ${MOST_QUERY_MS} ms with ${(DAY_SAMPLES / 1e6).toLocaleString("en")} million samples stored`,
        measured: `median ${queryMs} ms, 95 of 100 under ${round(percentile(day.queriesMs, 0.95), 1)} ms (${day.samples.toLocaleString("en")} samples, written in ${round(day.fillSeconds)} s, rolled up in ${round(day.rollUpSeconds)} s; first ${round(day.queriesMs[0] ?? 0)} ms)`,
        met: queryMs < MOST_QUERY_MS,
      },
    ],
  });
} finally {
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
