import { setTimeout as sleep } from "node:timers/promises";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { startHealthScheduler } from "#server/agent/health/check/scheduler.ts";
import type { Runtime } from "#server/agent/kernel/context.ts";
import type { HookRunner } from "#server/agent/ports/hook-runner.ts";
import type { Platform } from "#server/agent/ports/platform.ts";
import type { TelemetrySources } from "#server/agent/ports/telemetry-sources.ts";
import { auditLog } from "#server/audit/record.ts";
import { openDb } from "#server/db/client.ts";
import { createOutboundClient } from "#server/integrations/http/client.ts";
import { createProber } from "#server/integrations/probe/prober.ts";

/** Runs the scheduler as the worker does and reports what it cost. Arguments: database, target port, count, intervalMs. */
const [databaseUrl = "", port = "", count = "0", interval = "30000"] = process.argv.slice(2);
const intervalMs = Number(interval);
const INTERVALS = 2;

const config = OperateAgentConfigSchema.parse({
  outbound: { allow: ["127.0.0.1/32"] },
  monitoringConfig: {
    checkIntervalMs: intervalMs,
    healthEndpoints: Array.from({ length: Number(count) }, (_, i) => ({
      type: "http",
      name: `endpoint-${i}`,
      url: `http://127.0.0.1:${port}/endpoint-${i}`,
    })),
  },
});
const db = openDb(databaseUrl);
const runtime: Runtime = {
  config,
  db,
  audit: auditLog,
  live: { publish: async () => {}, newestId: async () => "0", follow: async function* () {} },
  workflows: { start: async () => {}, nudge: async () => {} },
  // every target is an endpoint, and nothing is deployed: none of these is ever asked
  platform: {} as Platform,
  hooks: {} as HookRunner,
  telemetry: {} as TelemetrySources,
  source: { file: "bench", text: "", sample: false },
  now: () => new Date(),
};
const http = createOutboundClient(config.outbound);
const driftsMs: number[] = [];
let rssMb = 0;
const scheduler = await startHealthScheduler(runtime, {
  workerId: "bench",
  prober: createProber(http),
  onStart: ({ driftMs }) => driftsMs.push(driftMs),
  report: (message, error) => console.error(message, error),
});
process.send?.({ type: "ready" });
// the first interval brings the first result of every target and lets the code warm up
await sleep(intervalMs * 1.2);
process.send?.({ type: "measuring" });
driftsMs.length = 0;
const before = scheduler.stats();
const cpuBefore = process.cpuUsage();
const startedAt = performance.now();
const sampler = setInterval(() => {
  rssMb = Math.max(rssMb, process.memoryUsage().rss / 2 ** 20);
}, 1_000);
await sleep(intervalMs * INTERVALS);
clearInterval(sampler);
const cpu = process.cpuUsage(cpuBefore);
const seconds = (performance.now() - startedAt) / 1000;
const checks = driftsMs.length;
process.send?.({ type: "measured", driftsMs, seconds, checks, cpuSeconds: (cpu.user + cpu.system) / 1e6, rssMb });
const { skipped, dropped } = scheduler.stats();
await scheduler.stop();
const notUp = await db.healthTarget.count({ where: { state: { not: "up" } } });
process.send?.({ type: "done", skipped: skipped - before.skipped, dropped, notUp });
await db.$disconnect();
await http.close();
process.disconnect?.();
