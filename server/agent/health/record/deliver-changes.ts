import type { Runtime } from "../../kernel/context.ts";
import type { HealthState } from "../schema.ts";
import { listTargets } from "./store.ts";
import { listUndelivered, markDelivered, type StoredChange } from "./store-results.ts";
import type { HealthTransition, OnHealthTransition } from "./transitions.ts";

const PAGE = 200;

interface Options {
  onTransition: OnHealthTransition;
  report: (message: string, error: unknown) => void;
}

/**
 * Hands on the changes of these shards that nobody took yet, oldest first. A target whose change is refused keeps its
 * place: its later ones wait for the next round. Returns whether all were taken.
 */
export async function deliverChanges(runtime: Runtime, shards: readonly number[], options: Options): Promise<boolean> {
  const stuck = new Set<string>();
  for (;;) {
    const page = await listUndelivered(runtime.db, shards, PAGE);
    const next = page.filter((change) => !stuck.has(change.targetId));
    if (next.length === 0) return stuck.size === 0;
    const targets = new Map((await listTargets(runtime.db, {}, "all")).map((target) => [target.id, target]));
    for (const change of next) {
      const target = targets.get(change.targetId);
      if (stuck.has(change.targetId)) continue;
      try {
        if (target) await options.onTransition(transitionOf(change, target, targets));
        await markDelivered(runtime.db, change.key, runtime.now());
      } catch (error) {
        stuck.add(change.targetId);
        options.report(`the health change ${change.key} was not taken; it is offered again`, error);
      }
    }
    if (page.length < PAGE && stuck.size > 0) return false;
  }
}

type Target = Awaited<ReturnType<typeof listTargets>>[number];

function transitionOf(change: StoredChange, target: Target, all: ReadonlyMap<string, Target>): HealthTransition {
  const cause = change.causedBy === null ? undefined : all.get(change.causedBy);
  return {
    key: change.key,
    target: {
      id: target.id,
      name: target.name,
      origin: target.origin as "endpoint" | "service",
      service: target.service,
      environment: target.environment,
    },
    from: change.from as HealthState,
    to: change.to as HealthState,
    causedBy: cause ? { id: cause.id, name: cause.name } : null,
    message: change.message,
    at: change.at.toISOString(),
    muted: target.muted,
    flapping: change.flapping,
  };
}
