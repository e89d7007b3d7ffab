import type { z } from "zod";
import { refuseUnknownFilter } from "../../catalog/known-names.ts";
import type { AgentContext } from "../../kernel/context.ts";
import { authorize } from "../../kernel/permissions.ts";
import { listTargets } from "../record/store.ts";
import type { HealthState, MonitorHealthInput, MonitorHealthOutput } from "../schema.ts";
import { HEALTH_STATES } from "../words.ts";
import { causesFirst } from "./caused-by.ts";
import { overallState, shownState, summarize, unknownOf, worseFirst } from "./shown-health.ts";
import { causeShown, dayRollups, type JudgedTarget, targetView } from "./views.ts";

/** Key of a service's judged status. */
export const judgedKey = (service: string, environment: string): string => `${service}\n${environment}`;

/** Key of the disk's state as it is now: a full disk keeps its own check from being written down. */
export const DISK_KEY = "disk";

/**
 * The present state of everything that is checked (or of one service or environment), worst first. Reads what the
 * scheduler last found; asks nothing itself. `judged` says, by `judgedKey`, what is known of services beyond that.
 */
export async function monitorTargets(
  ctx: AgentContext,
  input: z.infer<typeof MonitorHealthInput>,
  judged: ReadonlyMap<string, JudgedTarget> = new Map(),
): Promise<MonitorHealthOutput> {
  authorize(ctx, "health.read");
  await refuseUnknownFilter(ctx, input);
  const now = ctx.now();
  const all = await listTargets(ctx.db);
  const names = new Map(all.map((row) => [row.id, row.name]));
  const scope = all
    .filter((row) => input.service === undefined || row.service === input.service)
    .filter((row) => input.environment === undefined || row.environment === input.environment)
    .map((row) => {
      const key = row.kind === "disk" ? DISK_KEY : judgedKey(row.service ?? "", row.environment ?? "");
      const known = row.kind === "disk" || row.origin === "service" ? judged.get(key) : undefined;
      const checked = shownState(row, now);
      const causedBy = causeShown(row, checked, names, known);
      return { row, known, state: known?.state ?? checked, causedBy, muted: row.muted && !known?.figures };
    });
  const counts = Object.fromEntries(HEALTH_STATES.map((state) => [state, 0])) as Record<HealthState, number>;
  for (const { state } of scope) counts[state]++;
  const worst = scope
    .filter(({ state }) => input.state === undefined || input.state.includes(state))
    .sort((a, b) => Number(a.muted) - Number(b.muted) || worseFirst(a.state, b.state))
    .map((one) => ({ ...one, name: one.row.name, environment: one.row.environment }));
  const matching = causesFirst(worst);
  const page = matching.slice(input.offset, input.offset + input.limit);
  const pageIds = page.map(({ row }) => row.id);
  const days = await dayRollups(ctx.db, pageIds, now);
  const summed = scope.map(({ row, known, state, causedBy, muted }) => ({
    name: row.name,
    environment: row.environment,
    state,
    muted,
    causedBy,
    reason: known?.figures ?? null,
  }));
  return {
    overall: overallState(scope),
    summary: summarize(summed),
    unknown: unknownOf(summed),
    counts,
    checkedAt: now.toISOString(),
    targets: page.map(({ row, known }) => targetView(row, days.get(row.id) ?? [], names, now, known)),
    total: matching.length,
  };
}
