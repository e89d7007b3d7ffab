import { systemActor } from "../../kernel/actor.ts";
import type { Runtime } from "../../kernel/context.ts";
import { newId } from "../../kernel/ids.ts";
import { performWrite, unchanged, type WriteContext } from "../../kernel/perform.ts";
import { FOR_PEOPLE } from "../../kernel/reader-budget.ts";
import { type SyncOutcome, syncRows } from "../record/store.ts";
import { type PlannedTarget, planTargets } from "./targets.ts";

/** Brings the targets in the database in line with the configuration; those that left it are kept, but inactive. */
export async function syncTargets(runtime: Runtime, plan: PlannedTarget[] = planTargets(runtime.config)) {
  const ctx: WriteContext = {
    ...runtime,
    permission: "health.write",
    actor: systemActor("health-checks"),
    via: "worker",
    reader: FOR_PEOPLE,
    requestId: newId("req"),
  };
  const action = "health.targets.sync";
  return await performWrite(ctx, { action }, async (tx) => {
    const outcome: SyncOutcome = await syncRows(tx, plan);
    if (outcome.added.length + outcome.changed.length + outcome.removed.length === 0) return unchanged(outcome);
    await ctx.live.publish(tx, "health");
    return { result: outcome, target: undefined, before: null, after: summary(outcome) };
  });
}

/** Names, at most twenty of each kind. */
const summary = (outcome: SyncOutcome) =>
  Object.fromEntries(
    Object.entries(outcome).map(([kind, names]: [string, string[]]) => [
      kind,
      names.length > 20 ? `${names.length} targets` : names,
    ]),
  );
