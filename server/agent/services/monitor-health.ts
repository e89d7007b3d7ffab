import type { z } from "zod";
import { type JudgedTarget, judgedKey, monitorTargets } from "../health/index.ts";
import type { MonitorHealthInput, MonitorHealthOutput } from "../health/schema.ts";
import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import { serviceRows } from "./service-rows.ts";

/**
 * The present state of everything that is checked, worst first: services by the same judgement as the list of services
 * shows, endpoints by their check. Reads what is known; asks nothing itself.
 */
export async function monitorHealth(
  ctx: AgentContext,
  input: z.infer<typeof MonitorHealthInput>,
): Promise<MonitorHealthOutput> {
  authorize(ctx, "health.read");
  const { service, environment } = input;
  const { rows } = await serviceRows(ctx, { service, environment }, { observed: false });
  const judged = rows.map((row): [string, JudgedTarget] => {
    const told = row.reasons.filter(({ kind }) => kind !== "probe" && kind !== "data");
    return [
      judgedKey(row.service, row.environment ?? ""),
      {
        state: row.health,
        message: told.length > 0 ? row.healthMessage : null,
        since: told.length > 0 ? row.healthSince : null,
        figures: told.find(({ kind }) => kind === "errors" || kind === "latency")?.message ?? null,
      },
    ];
  });
  return monitorTargets(ctx, input, new Map(judged));
}
