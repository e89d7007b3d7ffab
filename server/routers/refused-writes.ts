import type { AgentContext } from "../agent/kernel/context.ts";
import type { AppError } from "../agent/kernel/errors.ts";

/** `health.setMaintenance` as an audit action: `health.set_maintenance`. */
const actionOf = (path: string): string => path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export interface WatchedWrite {
  agent: AgentContext;
  /** Records the refusal unless the write has done so itself. */
  refuse(refusal: AppError, input: unknown): Promise<void>;
}

/**
 * A write whose refusal is on record whatever refused it: its input's schema, a limit, or a rule that was asked before
 * the write began. Faults of ours are not refusals.
 */
export function watchWrite(agent: AgentContext, path: string): WatchedWrite {
  let recorded = false;
  const watched: AgentContext = {
    ...agent,
    audit: {
      record: async (tx, ctx, event) => {
        await agent.audit.record(tx, ctx, event);
        if (event.outcome === "refused") recorded = true;
      },
    },
  };
  return {
    agent: watched,
    refuse: async (refusal, input) => {
      if (recorded || refusal.code === "INTERNAL") return;
      await agent.audit.record(agent.db, agent, {
        procedure: path,
        action: actionOf(path),
        outcome: "refused",
        after: input,
        errorCode: refusal.code,
        reason: refusal.message,
      });
    },
  };
}
