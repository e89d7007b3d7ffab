import { setMaintenance, setMuted } from "../agent/health/index.ts";
import {
  HealthHistoryInput,
  HealthHistoryOutput,
  HealthTargetView,
  MonitorHealthInput,
  MonitorHealthOutput,
  SetMaintenanceInput,
  SetMutedInput,
} from "../agent/health/schema.ts";
import { monitorHealth, serviceHealthHistory } from "../agent/services/index.ts";
import { procedure, router, writes } from "./trpc.ts";

export const healthRouter = router({
  monitor: procedure
    .meta({
      permission: "health.read",
      mcp: {
        name: "monitor_health",
        title: "Monitor health",
        description:
          "State of everything that is checked, worst first: each service in each environment and each configured " +
          "endpoint, with the overall state, one sentence of summary, what the last check found, uptime and latency of " +
          "the last 24 h. Use it when something seems wrong, and after a change to see whether it helped. " +
          "`causedBy` names the dependency at the root of a failure: look there, not at the target itself. States: up, " +
          "degraded (slow, its certificate ends soon, or errors or p95 above sloConfig's limits), failing (its check " +
          "answers, but a tenth or more of its users' requests fail), waiting (a deployment waits for a decision), " +
          "pending (failing, not yet confirmed), down, maintenance, unknown (no fresh result: treat as not healthy). A " +
          "service's state is the worst of its check and of what its users met; `message` has the numbers. " +
          "`uptimePercent24h` is of `watchedSeconds24h`. Not for the past: use get_health_history.",
        destructive: false,
        idempotent: true,
        openWorld: false,
        outsideText: true,
      },
    })
    .input(MonitorHealthInput)
    .output(MonitorHealthOutput)
    .query(({ ctx, input }) => monitorHealth(ctx.agent, input)),
  history: procedure
    .meta({
      permission: "health.read",
      mcp: {
        name: "get_health_history",
        title: "Get health history",
        description:
          "Uptime and latency of one target by its probe over 1h, 24h, 7d, 30d or 90d, in equal buckets from the first " +
          "result on. Users' failed requests are not in it: use get_service. Take the target's id from monitor_health, " +
          "which tells the present. Use it to find when a failure began or whether it comes and goes. A bucket of zero " +
          "counts was not measured: that is not down.",
        destructive: false,
        idempotent: true,
        openWorld: false,
        outsideText: true,
      },
    })
    .input(HealthHistoryInput)
    .output(HealthHistoryOutput)
    .query(({ ctx, input }) => serviceHealthHistory(ctx.agent, input)),
  setMaintenance: writes(setMaintenance)
    .input(SetMaintenanceInput)
    .output(HealthTargetView)
    .mutation(({ ctx, input }) => ctx.write(input)),
  setMuted: writes(setMuted)
    .input(SetMutedInput)
    .output(HealthTargetView)
    .mutation(({ ctx, input }) => ctx.write(input)),
});
