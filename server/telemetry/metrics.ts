import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Runtime } from "../agent/kernel/context.ts";
import { createHttpMetrics, type HttpMetrics } from "./http-metrics.ts";

interface Metrics {
  registry: Registry;
  http: HttpMetrics;
  failures: Counter<"procedure" | "type" | "code">;
  targets: Gauge<"state">;
  deployments: Gauge<"status">;
  incidents: Gauge<"status">;
  workers: Gauge;
}

function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    http: createHttpMetrics(registry),
    failures: new Counter({
      name: "operate_procedure_failures_total",
      help: "Procedures that were refused or failed",
      labelNames: ["procedure", "type", "code"],
      registers,
    }),
    targets: new Gauge({
      name: "operate_health_targets",
      help: "Health targets by state, as last stored",
      labelNames: ["state"],
      registers,
    }),
    deployments: new Gauge({
      name: "operate_deployments",
      help: "Deployments by status",
      labelNames: ["status"],
      registers,
    }),
    incidents: new Gauge({ name: "operate_incidents", help: "Incidents by status", labelNames: ["status"], registers }),
    workers: new Gauge({ name: "operate_workers_alive", help: "Workers heard of in the last 15 s", registers }),
  };
}

// on globalThis: each route of Next has its own copy of this module
const holder = globalThis as { __operateMetrics?: Metrics };
const metrics = (): Metrics => {
  holder.__operateMetrics ??= createMetrics();
  return holder.__operateMetrics;
};

/** What counts this process's requests. */
export const httpMetrics = (): HttpMetrics => metrics().http;

/** Counts a refused or failed procedure. */
export function countRequest(procedure: string, type: string, code: string): void {
  metrics().failures.inc({ procedure, type, code });
}

/** The Prometheus page: this process's own figures and the state of what Operate looks after. */
export async function renderMetrics({ db, now }: Runtime): Promise<{ contentType: string; body: string }> {
  const { registry, targets, deployments, incidents, workers } = metrics();
  const [byState, byDeployment, byIncident, alive] = await Promise.all([
    db.healthTarget.groupBy({ by: ["state"], where: { active: true }, _count: true }),
    db.deployment.groupBy({ by: ["status"], _count: true }),
    db.incident.groupBy({ by: ["status"], _count: true }),
    db.executor.count({ where: { state: "alive", beatAt: { gte: new Date(now().getTime() - 15_000) } } }),
  ]);
  targets.reset();
  deployments.reset();
  incidents.reset();
  for (const row of byState) targets.set({ state: row.state }, row._count);
  for (const row of byDeployment) deployments.set({ status: row.status }, row._count);
  for (const row of byIncident) incidents.set({ status: row.status }, row._count);
  workers.set(alive);
  return { contentType: registry.contentType, body: await registry.metrics() };
}
